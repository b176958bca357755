using System.Text.RegularExpressions;

namespace Serverless.Storage;

/// <summary>Every name of the storage contract between trainer and functions, in this one file.</summary>
public static partial class StorageNames
{
    /// <summary>The configuration section (and Functions connection) that all clients are made from.</summary>
    public const string Connection = "Storage";

    public const string ArticlesContainer = "articles";
    public const string DatasetsContainer = "datasets";
    public const string ModelsContainer = "models";
    public const string ResultsContainer = "results";

    public const string ArticlesQueue = "articles";
    public const string ArticlesPoisonQueue = "articles-poison";
    public const string ArticlesReviewQueue = "articles-review";
    public const string TrainingRequestsQueue = "training-requests";
    public const string TrainingRequestsPoisonQueue = "training-requests-poison";

    public const string ClassificationsTable = "classifications";
    public const string RecentTable = "recent";
    public const string TrainingRunsTable = "trainingruns";

    /// <summary>The trigger path of <c>RetrainOnDataset</c>: <c>datasets/{classifier}/{file}</c>.</summary>
    public const string DatasetPath = DatasetsContainer + "/{name}";

    public const string ManifestFile = "manifest.json";
    public const string MetricsFile = "metrics.json";
    public const string TrainingFile = "training.json";

    public static IReadOnlyList<string> Containers { get; } = [ArticlesContainer, DatasetsContainer, ModelsContainer, ResultsContainer];

    public static IReadOnlyList<string> Queues { get; } =
        [ArticlesQueue, ArticlesPoisonQueue, ArticlesReviewQueue, TrainingRequestsQueue, TrainingRequestsPoisonQueue];

    public static IReadOnlyList<string> Tables { get; } = [ClassificationsTable, RecentTable, TrainingRunsTable];

    /// <summary>In <see cref="ModelsContainer"/>: the folder of a base model, with its final slash.</summary>
    /// <param name="baseModel">As on the Hugging Face hub: <c>owner/name</c>.</param>
    public static string BaseFolder(string baseModel) => $"base/{CheckedBase(baseModel)}/";

    /// <summary>In <see cref="ModelsContainer"/>: the folder that holds all versions of a classifier, with its final slash.</summary>
    public static string VersionsFolder(string classifier) => $"adapters/{Checked(classifier, "classifier")}/";

    /// <summary>In <see cref="ModelsContainer"/>: the folder of one version of a classifier, with its final slash.</summary>
    public static string VersionFolder(string classifier, string version) => $"{VersionsFolder(classifier)}{Checked(version, "version")}/";

    /// <summary>In <see cref="ModelsContainer"/>: the pointer to the version that serves.</summary>
    public static string PointerBlob(string classifier) => $"{VersionsFolder(classifier)}current.json";

    /// <summary>In <see cref="ModelsContainer"/>: the blob whose lease is the right to train a classifier.</summary>
    public static string TrainingLeaseBlob(string classifier) => $"{VersionsFolder(classifier)}training.lease";

    /// <summary>In <see cref="ResultsContainer"/>: the result of one article.</summary>
    public static string ResultBlob(string classifier, string articleHash) => $"{Checked(classifier, "classifier")}/{articleHash}.json";

    /// <summary>Rows of one classifier spread over sixteen partitions, so that none becomes the bottleneck.</summary>
    public static string ClassificationsPartition(string classifier, string articleHash) => $"{Checked(classifier, "classifier")}-{articleHash[0]}";

    public static string RecentPartition(string classifier, DateTimeOffset time) =>
        string.Create(null, $"{Checked(classifier, "classifier")}-{time.UtcDateTime:yyyyMMddHH}");

    /// <summary>Tables sort by row key upwards; reversed ticks make the newest row the first.</summary>
    public static string RecentRow(string articleHash, DateTimeOffset time) =>
        string.Create(null, $"{DateTime.MaxValue.Ticks - time.UtcTicks:D19}-{articleHash}");

    /// <summary>The classifier that a data set trains: the first segment of its blob name, or null if there is none or it is no valid name.</summary>
    public static string? ClassifierOf(string datasetBlob)
    {
        var slash = datasetBlob.IndexOf('/', StringComparison.Ordinal);
        var name = slash > 0 && slash < datasetBlob.Length - 1 ? datasetBlob[..slash] : "";
        return IsName(name) ? name : null;
    }

    /// <summary>Names of classifiers and versions: letters, digits, <c>-</c> and <c>_</c>, at most 63 characters, so that they fit paths, keys and folders alike.</summary>
    public static bool IsName(string name) => Name().IsMatch(name);

    private static string Checked(string name, string what) =>
        IsName(name) ? name : throw new ArgumentException($"'{name}' is no name for a {what}: letters, digits, '-' and '_' only, at most 63 characters.");

    private static string CheckedBase(string name) =>
        BaseName().IsMatch(name) ? name : throw new ArgumentException($"'{name}' is no name of a base model: it must look like owner/name, for example serverless/starter.");

    [GeneratedRegex(@"^[A-Za-z0-9][A-Za-z0-9_-]{0,62}\z")]
    private static partial Regex Name();

    [GeneratedRegex(@"^[A-Za-z0-9][A-Za-z0-9._-]{0,95}/[A-Za-z0-9][A-Za-z0-9._-]{0,95}\z")]
    private static partial Regex BaseName();
}

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

    /// <summary>Articles that a person is asked about (PartitionKey = classifier, RowKey = see <see cref="ReviewRow"/>), and the labels given.</summary>
    public const string ReviewsTable = "reviews";
    public const string TrainingRunsTable = "trainingruns";

    /// <summary>The trigger path of <c>RetrainOnDataset</c>: <c>datasets/{classifier}/{file}</c>.</summary>
    public const string DatasetPath = DatasetsContainer + "/{name}";

    /// <summary>In <see cref="ModelsContainer"/>: the folder that has one for each classifier.</summary>
    public const string AdaptersFolder = "adapters/";

    public const string ManifestFile = "manifest.json";
    public const string MetricsFile = "metrics.json";
    public const string TrainingFile = "training.json";

    public static IReadOnlyList<string> Containers { get; } = [ArticlesContainer, DatasetsContainer, ModelsContainer, ResultsContainer];

    public static IReadOnlyList<string> Queues { get; } =
        [ArticlesQueue, ArticlesPoisonQueue, ArticlesReviewQueue, TrainingRequestsQueue, TrainingRequestsPoisonQueue];

    public static IReadOnlyList<string> Tables { get; } = [ClassificationsTable, RecentTable, ReviewsTable, TrainingRunsTable];

    /// <summary>In <see cref="ModelsContainer"/>: the folder of a base model, with its final slash.</summary>
    /// <param name="baseModel">As on the Hugging Face hub: <c>owner/name</c>.</param>
    public static string BaseFolder(string baseModel) => $"base/{CheckedBase(baseModel)}/";

    /// <summary>In <see cref="ModelsContainer"/>: the folder that holds all versions of a classifier, with its final slash.</summary>
    public static string VersionsFolder(string classifier) => $"{AdaptersFolder}{Checked(classifier, "classifier")}/";

    /// <summary>In <see cref="ModelsContainer"/>: the folder of one version of a classifier, with its final slash.</summary>
    public static string VersionFolder(string classifier, string version) => $"{VersionsFolder(classifier)}{Checked(version, "version")}/";

    /// <summary>A version's name: sorts by time.</summary>
    public static string NewVersion(DateTimeOffset time) => string.Create(null, $"{time.UtcDateTime:yyyyMMdd-HHmmss-fff}");

    /// <summary>In <see cref="ModelsContainer"/>: the pointer to the version that serves.</summary>
    public static string PointerBlob(string classifier) => $"{VersionsFolder(classifier)}current.json";

    /// <summary>In <see cref="ModelsContainer"/>: the blob whose lease is the right to train a classifier; it holds the checkpoint of the training that goes on.</summary>
    public static string TrainingLeaseBlob(string classifier) => $"{VersionsFolder(classifier)}training.lease";

    /// <summary>In <see cref="ResultsContainer"/>: the result of one article.</summary>
    public static string ResultBlob(string classifier, string articleHash) => $"{Checked(classifier, "classifier")}/{articleHash}.json";

    /// <summary>Rows of one classifier spread over sixteen partitions, so that none becomes the bottleneck.</summary>
    public static string ClassificationsPartition(string classifier, string articleHash) => $"{Checked(classifier, "classifier")}-{articleHash[0]}";

    /// <summary>One partition an hour, so that none grows without end; hours are counted backwards, so that the newest one sorts first.</summary>
    public static string RecentPartition(string classifier, DateTimeOffset time) =>
        string.Create(null, $"{Checked(classifier, "classifier")}:{(DateTime.MaxValue.Ticks - time.UtcTicks) / TimeSpan.TicksPerHour:D8}");

    /// <summary>What all partitions of a classifier in <see cref="RecentTable"/> begin with; no other classifier's do.</summary>
    public static string RecentPrefix(string classifier) => $"{Checked(classifier, "classifier")}:";

    /// <summary>Tables sort by row key upwards; reversed ticks make the newest row the first.</summary>
    public static string RecentRow(string articleHash, DateTimeOffset time) =>
        string.Create(null, $"{DateTime.MaxValue.Ticks - time.UtcTicks:D19}-{articleHash}");

    /// <summary>One row for each text of an article: a label belongs to the text that the person read.</summary>
    public static string ReviewRow(string articleHash, string textHash) => $"{articleHash}-{textHash}";

    /// <summary>In <see cref="DatasetsContainer"/>: where the labels that people gave are exported to.</summary>
    /// <param name="extension">With its dot; the format is that of the data set which the export continues.</param>
    public static string ReviewedDataset(string classifier, DateTimeOffset time, string extension) =>
        string.Create(null, $"{Checked(classifier, "classifier")}/reviewed-{time.UtcDateTime:yyyyMMdd-HHmmss-fff}{extension}");

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

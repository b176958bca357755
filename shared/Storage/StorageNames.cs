using System.Text.RegularExpressions;

namespace Serverless.Storage;

/// <summary>All names of the storage contract between trainer and functions.</summary>
public static partial class StorageNames
{
    /// <summary>The configuration section (and Functions connection) of the storage account.</summary>
    public const string Connection = "Storage";

    public const string ArticlesContainer = "articles";
    public const string DatasetsContainer = "datasets";
    public const string ModelsContainer = "models";
    public const string ResultsContainer = "results";

    /// <summary>Articles that failed on every attempt, with their text.</summary>
    public const string FailedContainer = "failed";

    public const string ArticlesQueue = "articles";
    public const string ArticlesPoisonQueue = "articles-poison";
    public const string ArticlesReviewQueue = "articles-review";
    public const string ArticlesResultsQueue = "articles-results";
    public const string TrainingRequestsQueue = "training-requests";
    public const string TrainingRequestsPoisonQueue = "training-requests-poison";

    /// <summary>Where the Functions host puts the names of blobs whose trigger failed repeatedly. The host creates it.</summary>
    public const string BlobTriggerPoisonQueue = "webjobs-blobtrigger-poison";

    public const string ClassificationsTable = "classifications";
    public const string RecentTable = "recent";

    /// <summary>Articles to be reviewed by a person (PartitionKey = classifier, RowKey = see <see cref="ReviewRow"/>), and their labels.</summary>
    public const string ReviewsTable = "reviews";
    public const string TrainingRunsTable = "trainingruns";

    /// <summary>The trigger path of <c>RetrainOnDataset</c>: <c>datasets/{classifier}/{file}</c>.</summary>
    public const string DatasetPath = DatasetsContainer + "/{name}";

    /// <summary>In <see cref="ModelsContainer"/>: the folder with one folder for each classifier.</summary>
    public const string AdaptersFolder = "adapters/";

    public const string ManifestFile = "manifest.json";
    public const string MetricsFile = "metrics.json";
    public const string TrainingFile = "training.json";

    /// <summary>The rule for names of classifiers and versions.</summary>
    public const string NameRule = "use letters, digits, '-' and '_' only, at most 63 characters";

    public static IReadOnlyList<string> Containers { get; } = [ArticlesContainer, DatasetsContainer, ModelsContainer, ResultsContainer, FailedContainer];

    public static IReadOnlyList<string> Queues { get; } =
        [ArticlesQueue, ArticlesPoisonQueue, ArticlesReviewQueue, ArticlesResultsQueue, TrainingRequestsQueue, TrainingRequestsPoisonQueue];

    public static IReadOnlyList<string> Tables { get; } = [ClassificationsTable, RecentTable, ReviewsTable, TrainingRunsTable];

    /// <summary>In <see cref="ModelsContainer"/>: the folder of a base model, with its final slash.</summary>
    /// <param name="baseModel">Its name on the Hugging Face hub: <c>owner/name</c>.</param>
    public static string BaseFolder(string baseModel) => $"base/{RequireBaseModel(baseModel)}/";

    /// <summary>In <see cref="ModelsContainer"/>: the folder that holds all versions of a classifier, with its final slash.</summary>
    public static string VersionsFolder(string classifier) => $"{AdaptersFolder}{RequireName(classifier, "classifier")}/";

    /// <summary>In <see cref="ModelsContainer"/>: the folder of one version of a classifier, with its final slash.</summary>
    public static string VersionFolder(string classifier, string version) => $"{VersionsFolder(classifier)}{RequireName(version, "version")}/";

    /// <summary>In <see cref="ModelsContainer"/>: the manifest of one version of a classifier.</summary>
    public static string ManifestBlob(string classifier, string version) => VersionFolder(classifier, version) + ManifestFile;

    /// <summary>A name for a new version. Names sort by time.</summary>
    public static string NewVersion(DateTimeOffset time) => string.Create(null, $"{time.UtcDateTime:yyyyMMdd-HHmmss-fff}");

    /// <summary>In <see cref="ModelsContainer"/>: the pointer to the version that serves.</summary>
    public static string PointerBlob(string classifier) => $"{VersionsFolder(classifier)}current.json";

    /// <summary>In <see cref="ModelsContainer"/>: the blob whose lease permits training the classifier.</summary>
    /// <remarks>Its content is the checkpoint of the current training.</remarks>
    public static string TrainingLeaseBlob(string classifier) => $"{VersionsFolder(classifier)}training.lease";

    /// <summary>In <see cref="ResultsContainer"/>: the result of one article.</summary>
    public static string ResultBlob(string classifier, string articleHash) => $"{RequireName(classifier, "classifier")}/{articleHash}.json";

    /// <summary>In <see cref="FailedContainer"/>: the failed articles of a classifier.</summary>
    public static string FailedFolder(string classifier) => $"{RequireName(classifier, "classifier")}/";

    /// <summary>In <see cref="FailedContainer"/>: one failed article, by the hashes of its id and its content.</summary>
    public static string FailedBlob(string classifier, string articleHash, string contentHash) =>
        $"{FailedFolder(classifier)}{articleHash}-{contentHash}.json";

    /// <summary>Rows of one classifier are spread over sixteen partitions, so that no partition is a bottleneck.</summary>
    public static string ClassificationsPartition(string classifier, string articleHash) => $"{RequireName(classifier, "classifier")}-{articleHash[0]}";

    /// <summary>One partition for each hour, so that partitions stay small. Hours are counted backwards, so that the newest partition sorts first.</summary>
    public static string RecentPartition(string classifier, DateTimeOffset time) =>
        string.Create(null, $"{RequireName(classifier, "classifier")}:{(DateTime.MaxValue.Ticks - time.UtcTicks) / TimeSpan.TicksPerHour:D8}");

    /// <summary>The prefix of all partitions of a classifier, and of no other classifier, in <see cref="RecentTable"/>.</summary>
    public static string RecentPrefix(string classifier) => $"{RequireName(classifier, "classifier")}:";

    /// <summary>Tables sort by ascending row key; reversed ticks put the newest row first.</summary>
    public static string RecentRow(string articleHash, DateTimeOffset time) =>
        string.Create(null, $"{DateTime.MaxValue.Ticks - time.UtcTicks:D19}-{articleHash}");

    /// <summary>One row for each text of an article, since a label belongs to the text that the person read.</summary>
    public static string ReviewRow(string articleHash, string textHash) => $"{articleHash}-{textHash}";

    /// <summary>In <see cref="ArticlesContainer"/>: a text that is too long for its row in <see cref="ReviewsTable"/>.</summary>
    /// <param name="row">See <see cref="ReviewRow"/>. The blob is deleted with the row.</param>
    public static string ReviewText(string row) => $"review/{row}.txt";

    /// <summary>In <see cref="DatasetsContainer"/>: the settings of a classifier's trainings, which override those of the base.</summary>
    public static string SettingsBlob(string classifier) => $"{RequireName(classifier, "classifier")}/{TrainingFile}";

    /// <summary>In <see cref="DatasetsContainer"/>: an export of human labels.</summary>
    /// <param name="extension">With the dot. The format is that of the data set that the export extends.</param>
    public static string ReviewedDataset(string classifier, DateTimeOffset time, string extension) =>
        string.Create(null, $"{RequireName(classifier, "classifier")}/reviewed-{time.UtcDateTime:yyyyMMdd-HHmmss-fff}{extension}");

    /// <summary>The classifier that a data set trains: the first segment of its blob name. Null if there is none, or if it is not a valid name.</summary>
    public static string? ParseClassifier(string datasetBlob)
    {
        var slash = datasetBlob.IndexOf('/', StringComparison.Ordinal);
        var name = slash > 0 && slash < datasetBlob.Length - 1 ? datasetBlob[..slash] : "";
        return IsName(name) ? name : null;
    }

    /// <summary>Whether a name of a classifier or version is valid in paths, keys and folders alike.</summary>
    public static bool IsName(string name) => Name().IsMatch(name);

    /// <summary>What to tell a person whose name does not pass <see cref="IsName"/>.</summary>
    /// <param name="name">The name.</param>
    /// <param name="kind">What it should be the name of.</param>
    public static string InvalidNameMessage(string name, string kind = "classifier") => $"'{name}' is not a valid {kind} name: {NameRule}.";

    /// <summary>Whether a name of a base model has the form <c>owner/name</c>.</summary>
    public static bool IsBaseModel(string name) => BaseName().IsMatch(name);

    private static string RequireName(string name, string kind) => IsName(name) ? name : throw new ArgumentException(InvalidNameMessage(name, kind));

    private static string RequireBaseModel(string name) => IsBaseModel(name)
        ? name
        : throw new ArgumentException($"'{name}' is not a valid name of a base model: it must be owner/name, for example serverless/starter.");

    [GeneratedRegex(@"^[A-Za-z0-9][A-Za-z0-9_-]{0,62}\z")]
    private static partial Regex Name();

    [GeneratedRegex(@"^[A-Za-z0-9][A-Za-z0-9._-]{0,95}/[A-Za-z0-9][A-Za-z0-9._-]{0,95}\z")]
    private static partial Regex BaseName();
}

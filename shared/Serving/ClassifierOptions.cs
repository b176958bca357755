using Microsoft.Extensions.Configuration;
using Serverless.Models;

namespace Serverless.Serving;

/// <summary>The settings of the section <c>Classifier</c>; as environment variables <c>Classifier__Base</c> and so on.</summary>
/// <remarks>
/// The trainer reads <see cref="ModelOptions"/> of the same section, and both read the storage account (<c>StorageClients</c>). The number of
/// threads is read in the functions' <c>Program.cs</c>, before libtorch starts.
/// </remarks>
public sealed record ClassifierOptions
{
    /// <summary>The configuration section.</summary>
    public const string SectionName = "Classifier";

    /// <summary>The base model of all classifiers, a folder of <c>models/base/</c>.</summary>
    public string Base { get; init; } = new ModelOptions().Base;

    /// <summary>The classifier of articles that name none, and the one whose adapter is merged into the base.</summary>
    public string Default { get; init; } = "news";

    /// <summary>The folder for downloaded models.</summary>
    public string CacheFolder { get; init; } = new ModelOptions().CacheFolder;

    /// <summary>Whether the default classifier is loaded when the process starts, and not only at the first article.</summary>
    public bool LoadAtStart { get; init; }

    /// <summary>The interval between two reads of the pointers to the serving versions.</summary>
    public TimeSpan PollInterval { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>The maximum number of texts in one forward pass.</summary>
    public int MaxBatch { get; init; } = 32;

    /// <summary>The maximum number of tokens in one forward pass. Bounds its memory, and the time that the next article waits.</summary>
    public int MaxBatchTokens { get; init; } = 4096;

    /// <summary>The maximum number of texts of one classifier in flight over HTTP; more are rejected (HTTP 429).</summary>
    [ConfigurationKeyName("WaitingRoom")]
    public int QueueCapacity { get; init; } = 1024;

    /// <summary>The maximum time that a text waits for the model to be loaded.</summary>
    public TimeSpan LoadWait { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>The maximum time that an article of the queue waits for the first version of its classifier; then it is rejected.</summary>
    public TimeSpan FirstVersionWait { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Articles with a lower score are queued for review.</summary>
    public double ReviewThreshold { get; init; } = 0.6;

    /// <summary>Thresholds of single classifiers, by name; they override <see cref="ReviewThreshold"/>.</summary>
    public IReadOnlyDictionary<string, double> ReviewThresholds { get; init; } = new Dictionary<string, double>();

    /// <summary>Whether the results of queue articles are sent to the queue <c>articles-results</c>.</summary>
    public bool ResultsQueue { get; init; }

    /// <summary>The precision of the model.</summary>
    public PrecisionSetting Precision { get; init; } = PrecisionSetting.Auto;

    /// <summary>Reads and validates the settings in a program without a host.</summary>
    /// <exception cref="InvalidOperationException">A value is not valid; names the setting.</exception>
    public static ClassifierOptions Read(IConfiguration configuration)
    {
        var section = configuration.GetSection(SectionName);
        ClassifierOptionsValidator.RequirePrecision(section);
        var options = section.Get<ClassifierOptions>() ?? new ClassifierOptions();
        var result = new ClassifierOptionsValidator().Validate(name: null, options);
        return result.Failed ? throw new InvalidOperationException(result.FailureMessage) : options;
    }

    /// <summary>Whether a person should check a prediction with this score.</summary>
    public bool NeedsReview(string classifier, double score) => score < ReviewThresholds.GetValueOrDefault(classifier, ReviewThreshold);
}

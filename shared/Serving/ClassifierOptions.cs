using Microsoft.Extensions.Configuration;
using Serverless.Models;
using Serverless.Storage;

namespace Serverless.Serving;

/// <summary>The settings of the section <c>Classifier</c>; as environment variables <c>Classifier__Base</c> and so on.</summary>
public sealed record ClassifierOptions
{
    private static readonly TimeSpan MaxLoadWait = TimeSpan.FromMinutes(3);

    /// <summary>The base model that all classifiers stand on, a folder of <c>models/base/</c>.</summary>
    public string Base { get; init; } = StarterModel.BaseModel;

    /// <summary>The classifier that is asked when an article names none, and the one that is merged into the base.</summary>
    public string Default { get; init; } = "news";

    /// <summary>Where downloaded models are kept.</summary>
    public string CacheFolder { get; init; } = Path.Combine(Path.GetTempPath(), "serverless-models");

    /// <summary>Whether the default classifier is loaded when the process starts, so that the first article finds it loaded or on its way.</summary>
    public bool LoadAtStart { get; init; }

    /// <summary>How often the pointers to the serving versions are read.</summary>
    public TimeSpan PollInterval { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>The most texts in one forward pass.</summary>
    public int MaxBatch { get; init; } = 32;

    /// <summary>The most tokens in one forward pass: bounds its memory and the time that the next article waits.</summary>
    public int MaxBatchTokens { get; init; } = 4096;

    /// <summary>How many texts may be inside at once; the next one is turned away (HTTP answers 429).</summary>
    [ConfigurationKeyName("WaitingRoom")]
    public int QueueCapacity { get; init; } = 1024;

    /// <summary>How long a text waits for the model to be loaded before it is told to come again.</summary>
    public TimeSpan LoadWait { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Articles whose score is lower are put before a person too.</summary>
    public double ReviewThreshold { get; init; } = 0.6;

    /// <summary>Thresholds of single classifiers, by name, where <see cref="ReviewThreshold"/> does not suit them.</summary>
    public IReadOnlyDictionary<string, double> ReviewThresholds { get; init; } = new Dictionary<string, double>();

    /// <summary>Whether a person should have a look at an answer.</summary>
    public bool NeedsReview(string classifier, double score) => score < ReviewThresholds.GetValueOrDefault(classifier, ReviewThreshold);

    /// <summary>What the model computes in: <c>fp32</c>, <c>bf16</c>, <c>int8</c>, or <c>auto</c>: bf16 where the processor multiplies in it, else fp32.</summary>
    public string Precision { get; init; } = "auto";

    /// <exception cref="InvalidOperationException">A value cannot be used; names the setting.</exception>
    public static ClassifierOptions Read(IConfiguration configuration)
    {
        var options = configuration.GetSection("Classifier").Get<ClassifierOptions>() ?? new ClassifierOptions();
        Require(options.Base.Split('/') is [{ Length: > 0 }, { Length: > 0 }], nameof(Base), options.Base, "owner/name");
        Require(StorageNames.IsName(options.Default), nameof(Default), options.Default, "letters, digits, '-' and '_', at most 63 characters");
        Require(!string.IsNullOrWhiteSpace(options.CacheFolder), nameof(CacheFolder), options.CacheFolder, "a folder");
        Require(options.PollInterval > TimeSpan.Zero, nameof(PollInterval), options.PollInterval, "a time above zero, such as 00:00:15");
        Require(options.MaxBatch >= 1, nameof(MaxBatch), options.MaxBatch, "1 or more");
        Require(options.MaxBatchTokens >= 1, nameof(MaxBatchTokens), options.MaxBatchTokens, "1 or more");
        Require(options.QueueCapacity >= 1, "WaitingRoom", options.QueueCapacity, "1 or more");
        // The platform ends a request after 230 seconds, whoever still waits for the answer.
        Require(options.LoadWait > TimeSpan.Zero && options.LoadWait <= MaxLoadWait, nameof(LoadWait), options.LoadWait, "a time above zero and up to 00:03:00, such as 00:01:00");
        Require(options.ReviewThreshold is >= 0 and <= 1, nameof(ReviewThreshold), options.ReviewThreshold, "a number from 0 to 1");
        Require(options.Precision is "auto" or "fp32" or "bf16" or "int8", nameof(Precision), options.Precision, "auto, fp32, bf16 or int8");
        foreach (var (classifier, threshold) in options.ReviewThresholds)
        {
            Require(threshold is >= 0 and <= 1, $"{nameof(ReviewThresholds)}__{classifier}", threshold, "a number from 0 to 1");
        }

        return options;
    }

    private static void Require(bool valid, string setting, object? value, string accepted)
    {
        if (!valid)
        {
            throw new InvalidOperationException($"The setting Classifier__{setting} is '{value}'; it must be {accepted}.");
        }
    }
}

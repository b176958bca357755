using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using Serverless.Storage;

namespace Serverless.Serving;

/// <summary>Validates the settings. Each error names a setting as an environment variable, its value, and the accepted values.</summary>
internal sealed class ClassifierOptionsValidator : IValidateOptions<ClassifierOptions>
{
    // host.json gives a function three times as long, and the platform ends an HTTP request after 230 seconds.
    private static readonly TimeSpan MaxLoadWait = TimeSpan.FromMinutes(3);

    public ValidateOptionsResult Validate(string? name, ClassifierOptions options)
    {
        var errors = new ValidateOptionsResultBuilder();
        Require(StorageNames.IsBaseModel(options.Base), nameof(options.Base), options.Base, "owner/name");
        Require(StorageNames.IsName(options.Default), nameof(options.Default), options.Default, $"a valid name: {StorageNames.NameRule}");
        Require(!string.IsNullOrWhiteSpace(options.CacheFolder), nameof(options.CacheFolder), options.CacheFolder, "a folder");
        Require(options.PollInterval > TimeSpan.Zero, nameof(options.PollInterval), options.PollInterval, "a time above zero, such as 00:00:15");
        Require(options.MaxBatch >= 1, nameof(options.MaxBatch), options.MaxBatch, "1 or more");
        Require(options.MaxBatchTokens >= 1, nameof(options.MaxBatchTokens), options.MaxBatchTokens, "1 or more");
        Require(options.QueueCapacity >= 1, "WaitingRoom", options.QueueCapacity, "1 or more");
        Require(
            options.LoadWait > TimeSpan.Zero && options.LoadWait <= MaxLoadWait,
            nameof(options.LoadWait), options.LoadWait, "a time above zero and up to 00:03:00, such as 00:01:00");
        Require(
            options.FirstVersionWait >= TimeSpan.Zero,
            nameof(options.FirstVersionWait), options.FirstVersionWait, "00:00:00 or more, such as 01:00:00");
        RequireThreshold(nameof(options.ReviewThreshold), options.ReviewThreshold);
        foreach (var (classifier, threshold) in options.ReviewThresholds)
        {
            RequireThreshold($"{nameof(options.ReviewThresholds)}__{classifier}", threshold);
        }

        return errors.Build();

        void Require(bool valid, string setting, object? value, string accepted)
        {
            if (!valid)
            {
                errors.AddError(Describe(setting, value, accepted));
            }
        }

        void RequireThreshold(string setting, double value) => Require(value is >= 0 and <= 1, setting, value, "a number from 0 to 1");
    }

    /// <summary>Checks the precision before the section is bound, because the binder's own error does not list the accepted values.</summary>
    /// <exception cref="InvalidOperationException">It is not one of the accepted values.</exception>
    public static void RequirePrecision(IConfiguration section)
    {
        const string setting = nameof(ClassifierOptions.Precision);
        if (section[setting] is { } value && !Enum.GetNames<PrecisionSetting>().Contains(value, StringComparer.OrdinalIgnoreCase))
        {
            throw new InvalidOperationException(Describe(setting, value, "auto, fp32, bf16 or int8"));
        }
    }

    private static string Describe(string setting, object? value, string accepted) =>
        $"The setting {ClassifierOptions.SectionName}__{setting} is '{value}'; it must be {accepted}.";
}

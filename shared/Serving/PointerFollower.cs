using Microsoft.Extensions.Logging;
using Serverless.Models;
using Serverless.Storage;

namespace Serverless.Serving;

/// <summary>
/// Keeps one classifier at the version that its pointer names. Failed loads are retried with exponential back-off, and so are newer versions
/// that cannot be used and damaged pointers: meanwhile the current version keeps serving or, if none serves yet, an earlier one is loaded.
/// </summary>
/// <param name="classifier">Whose pointer is followed.</param>
/// <param name="swap">Makes a version serve.</param>
/// <param name="context">What all classifiers share.</param>
/// <param name="onUnknown">Called when nothing is published under the classifier's name.</param>
internal sealed class PointerFollower(ClassifierState classifier, ModelSwap swap, ServingContext context, Action onUnknown)
{
    private static readonly TimeSpan MinDelay = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan MaxLoadDelay = TimeSpan.FromMinutes(1);

    // Each attempt at a version that cannot be used may download it.
    private static readonly TimeSpan MaxRetryDelay = TimeSpan.FromMinutes(15);

    private PointerReading? pointer;
    private string? lastError;
    private TimeSpan retryDelay;
    private DateTimeOffset retryAt;

    private ILogger Log => context.Log;

    /// <summary>
    /// Loads the version that the pointer names or, if it cannot be used, the latest one before it that can. Retries until a version serves or
    /// the process stops.
    /// </summary>
    /// <exception cref="UnknownClassifierException">Nothing is published.</exception>
    public async Task LoadAsync()
    {
        classifier.Update(_ => new ClassifierStatus(classifier.Name, ModelState.Loading));
        for (var delay = MinDelay; ; delay = NextDelay(delay, MaxLoadDelay))
        {
            try
            {
                var reading = await context.Registry.Pointers.ReadAsync(classifier.Name, null, context.Stopping);
                if (reading.ETag is null)
                {
                    onUnknown();
                    throw new UnknownClassifierException(classifier.Name);
                }

                await LoadFirstUsableAsync(reading);
                return;
            }
            catch (Exception exception) when (exception is not UnknownClassifierException && !context.Stopping.IsCancellationRequested)
            {
                Log.LogError(exception, "The classifier {Classifier} could not be loaded; next attempt in {Seconds} s", classifier.Name, delay.TotalSeconds);
                classifier.Update(_ => new ClassifierStatus(classifier.Name, ModelState.Failed, Problem: StorageErrors.Describe(exception)));
                await Task.Delay(delay, context.Time, context.Stopping);
            }
        }
    }

    /// <summary>Polls the pointer once. After an error the current version keeps serving, and the status has the error.</summary>
    public async Task RefreshAsync(CancellationToken cancellationToken)
    {
        try
        {
            var reading = await context.Registry.Pointers.ReadAsync(classifier.Name, pointer?.ETag, cancellationToken);
            if (!reading.Unchanged)
            {
                await ApplyPointerAsync(reading, MinDelay, cancellationToken);
            }
            else if (lastError is not null && pointer?.Current is not null && context.Time.GetUtcNow() >= retryAt)
            {
                await ApplyPointerAsync(pointer, NextDelay(retryDelay, MaxRetryDelay), cancellationToken);
            }

            classifier.Update(status => status with { Problem = lastError });
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            var version = classifier.Status.Version;
            Log.LogWarning(exception, "The classifier {Classifier} could not be refreshed; {Version} keeps serving", classifier.Name, version);
            classifier.Update(status => status with { Problem = $"The last check for a newer version failed: {StorageErrors.Describe(exception)}" });
        }
    }

    private static TimeSpan NextDelay(TimeSpan delay, TimeSpan max) => delay * 2 < max ? delay * 2 : max;

    /// <summary>Swaps in the version that the pointer names; if it cannot be used, it is retried after the delay.</summary>
    private async Task ApplyPointerAsync(PointerReading reading, TimeSpan delay, CancellationToken cancellationToken)
    {
        lastError = reading.Current is { } current
            ? await swap.TrySwapAsync(current.Version, current.ManifestSha256, cancellationToken)
            : DescribePointerProblem(reading);
        ScheduleRetry(reading, delay);
    }

    /// <summary>Loads the version that the pointer names or, if it cannot be used, the latest one before it that can; the status has the error.</summary>
    private async Task LoadFirstUsableAsync(PointerReading reading)
    {
        // Without the base no version can be tried.
        await context.Loader.LoadBaseAsync(context.Stopping);
        lastError = reading.Current is null ? DescribePointerProblem(reading) : null;
        await foreach (var version in context.Registry.Pointers.ListServableAsync(classifier.Name, reading, context.Stopping))
        {
            var problem = await swap.TrySwapAsync(version.Version, version.ManifestSha256, context.Stopping);
            lastError ??= problem;
            if (problem is null)
            {
                ScheduleRetry(reading, MinDelay);
                classifier.Update(status => status with { Problem = lastError });
                return;
            }
        }

        throw new InvalidDataException(lastError);
    }

    private void ScheduleRetry(PointerReading reading, TimeSpan delay)
    {
        pointer = reading;
        retryDelay = delay;
        retryAt = context.Time.GetUtcNow() + delay;
    }

    /// <returns>What is wrong with a pointer that names no version.</returns>
    private string DescribePointerProblem(PointerReading reading)
    {
        var problem = reading.Damage ?? $"{StorageNames.PointerBlob(classifier.Name)} is gone. Promoting a version writes it anew.";
        Log.LogError("The pointer of the classifier {Classifier} cannot be used, so an earlier published version serves: {Problem}", classifier.Name, problem);
        return problem;
    }
}

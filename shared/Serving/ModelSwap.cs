using Microsoft.Extensions.Logging;
using Serverless.Storage;

namespace Serverless.Serving;

/// <summary>Hot swap of one classifier: load a version, smoke-test it, make it serve, merge it in the background.</summary>
/// <param name="classifier">Whose version is swapped.</param>
/// <param name="merge">Merge versions into the base.</param>
/// <param name="context">What all classifiers share.</param>
internal sealed class ModelSwap(ClassifierState classifier, bool merge, ServingContext context) : IAsyncDisposable
{
    private Task merging = Task.CompletedTask;

    private ILogger Log => context.Log;

    /// <summary>Swaps in a version. One that cannot be used is logged, and recorded in its training run; errors of storage are thrown.</summary>
    /// <returns>Null if the version serves now; otherwise why it cannot be used.</returns>
    public async Task<string?> TrySwapAsync(string version, string? manifestSha256, CancellationToken cancellationToken)
    {
        try
        {
            await SwapToAsync(version, manifestSha256, cancellationToken);
            return null;
        }
        catch (Exception exception) when (VersionErrors.IsPermanent(exception))
        {
            Log.LogError(exception, "Version {Version} of the classifier {Classifier} cannot be used", version, classifier.Name);
            var problem = StorageErrors.Describe(exception);
            await RecordProblemAsync(version, problem, cancellationToken);
            return $"Version {version} cannot be used: {problem}";
        }
    }

    /// <summary>Waits for the merge in the background, which the end of the inference thread cancels.</summary>
    public async ValueTask DisposeAsync() => await merging;

    private async Task SwapToAsync(string version, string? manifestSha256, CancellationToken cancellationToken)
    {
        var started = context.Time.GetTimestamp();
        var next = await context.Loader.LoadAsync(classifier.Name, version, manifestSha256, cancellationToken);
        LoadedModel? previous = null;
        try
        {
            await context.Thread.RunAsync(() =>
            {
                next.SmokeTest();
                previous = classifier.Swap(next);
            });
        }
        catch
        {
            next.Dispose();
            throw;
        }

        merging = MergeInBackgroundAsync(next, previous, merging);
        var seconds = context.Time.GetElapsedTime(started).TotalSeconds;
        Log.LogInformation("Version {Version} of the classifier {Classifier} serves, {Seconds:0.0} s after it was found", version, classifier.Name, seconds);
    }

    /// <summary>
    /// Clears the error in the version's training run, then merges layer by layer, reusing the memory of the retired version, so that peak
    /// memory is one merged model. Requests that waited for the version run before the merge.
    /// </summary>
    /// <param name="next">The version that serves.</param>
    /// <param name="previous">The retired version, which is disposed at the end.</param>
    /// <param name="earlierMerge">The merge of the retired version: it must end before its memory is reused.</param>
    private async Task MergeInBackgroundAsync(LoadedModel next, LoadedModel? previous, Task earlierMerge)
    {
        await earlierMerge;
        using (previous)
        {
            try
            {
                await RecordProblemAsync(next.Version, problem: "", context.Stopping);
                // A version that was replaced meanwhile is not merged: the next one gets the memory.
                if (merge && classifier.Model == next)
                {
                    await context.Thread.RunStepsAsync(next.StartMerge(previous).Step);
                    classifier.Update(status => status.Version == next.Version ? status with { Merged = true } : status);
                }
            }
            catch (Exception exception) when (context.Stopping.IsCancellationRequested)
            {
                Log.LogDebug(exception, "The merge of version {Version} of the classifier {Classifier} ended with the process", next.Version, classifier.Name);
            }
            catch (Exception exception)
            {
                // The version keeps serving unmerged: same results, slower.
                Log.LogError(exception, "Version {Version} of the classifier {Classifier} was not merged", next.Version, classifier.Name);
            }
        }
    }

    /// <summary>Best effort: a failed write of the status must not block the swap.</summary>
    private async Task RecordProblemAsync(string version, string problem, CancellationToken cancellationToken)
    {
        try
        {
            await context.Runs.RecordServingErrorAsync(classifier.Name, version, problem, cancellationToken);
        }
        catch (Exception exception) when (StorageErrors.IsStorageError(exception))
        {
            Log.LogWarning(exception, "The training run of version {Version} of the classifier {Classifier} could not be written", version, classifier.Name);
        }
    }
}

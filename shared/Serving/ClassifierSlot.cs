using System.Collections;
using Microsoft.Extensions.Logging;
using Serverless.Models;
using Serverless.Storage;

namespace Serverless.Serving;

/// <summary>
/// One classifier's life in this process: cold, loaded by the first question, swapped when its pointer moves. A load that
/// fails is tried again, with growing pauses, and so is a newer version that cannot be used: meanwhile the one that serves goes on
/// and, where none serves yet, an earlier one does. A damaged pointer is taken likewise.
/// </summary>
/// <param name="onUnknown">Called when nothing was published under the name, whether anybody still waits or not.</param>
/// <param name="merge">Merge its versions into the base: for the default classifier, since merged weights are a model's size each.</param>
internal sealed class ClassifierSlot(
    string name,
    bool merge,
    ModelRegistry registry,
    ModelLoader loader,
    InferenceThread thread,
    TimeProvider time,
    ILogger log,
    Action<ClassifierSlot> onUnknown,
    CancellationToken stopping) : IDisposable
{
    private static readonly TimeSpan FirstDelay = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan MaxLoadDelay = TimeSpan.FromMinutes(1);

    // Each attempt at a refused version may download it.
    private static readonly TimeSpan MaxRetryDelay = TimeSpan.FromMinutes(15);

    private readonly Lock gate = new();
    private Task? loading;
    private PointerReading? pointer;
    private string? lastError;
    private TimeSpan retryDelay;
    private DateTimeOffset retryAt;
    private volatile LoadedModel? model;
    private volatile ClassifierStatus status = new(name, ModelState.Cold);

    public ClassifierStatus Status => status;

    /// <summary>The version that serves; null before the first. Only the model's thread computes with it, and only that thread changes it.</summary>
    public LoadedModel? Model => model;

    /// <summary>Completes when a version serves. The first call starts the load, which all calls share.</summary>
    /// <exception cref="UnknownClassifierException">Nothing was published; this object will not look again.</exception>
    public Task ReadyAsync()
    {
        if (model is not null)
        {
            return Task.CompletedTask;
        }

        lock (gate)
        {
            return loading ??= Task.Run(LoadAsync, stopping);
        }
    }

    /// <summary>Takes a newly published version, if there is one. Whatever goes wrong, the one that serves goes on, and the status says what it was.</summary>
    public async Task RefreshAsync(CancellationToken cancellationToken)
    {
        if (model is not { } serving || loading is not { IsCompletedSuccessfully: true })
        {
            return;
        }

        try
        {
            var reading = await registry.ReadPointerAsync(name, pointer?.ETag, cancellationToken);
            if (!reading.Unchanged)
            {
                await ApplyPointerAsync(reading, FirstDelay, cancellationToken);
            }
            else if (lastError is not null && pointer?.Current is not null && time.GetUtcNow() >= retryAt)
            {
                await ApplyPointerAsync(pointer, NextDelay(retryDelay, MaxRetryDelay), cancellationToken);
            }

            Update(now => now with { Problem = lastError });
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            log.LogWarning(exception, "The classifier {Classifier} could not be refreshed; {Version} goes on serving", name, serving.Version);
            Update(now => now with { Problem = $"The last look for a newer version failed: {StorageErrors.Describe(exception)}" });
        }
    }

    /// <summary>Takes the version that the pointer names; if it cannot be used, it is tried again after a delay.</summary>
    private async Task ApplyPointerAsync(PointerReading reading, TimeSpan delay, CancellationToken cancellationToken)
    {
        lastError = reading.Current is { } current ? await TrySwapAsync(current.Version, current.ManifestSha256, cancellationToken) : DescribePointerProblem(reading);
        ScheduleRetry(reading, delay);
    }

    private void ScheduleRetry(PointerReading reading, TimeSpan delay) => (pointer, retryDelay, retryAt) = (reading, delay, time.GetUtcNow() + delay);

    /// <returns>What is wrong with a pointer that names nothing; null if it names a version.</returns>
    private string? DescribePointerProblem(PointerReading reading)
    {
        if (reading.Current is not null)
        {
            return null;
        }

        var problem = reading.Damage ?? $"{StorageNames.PointerBlob(name)} is gone. Promoting a version writes it anew.";
        log.LogError("The pointer of the classifier {Classifier} cannot be used, and a version that was published before serves: {Problem}", name, problem);
        return problem;
    }

    /// <returns>Null, or why this version cannot serve.</returns>
    private async Task<string?> TrySwapAsync(string version, string? manifestSha256, CancellationToken cancellationToken)
    {
        try
        {
            await SwapToAsync(version, manifestSha256, cancellationToken);
            return null;
        }
        catch (InvalidDataException exception)
        {
            log.LogError(exception, "Version {Version} of the classifier {Classifier} cannot be used; one before it serves, if there is any", version, name);
            await NoteAsync(version, exception.Message, cancellationToken);
            return $"Version {version} cannot be used: {exception.Message}";
        }
    }

    /// <summary>The run's row is for people: for want of it no version is refused.</summary>
    private async Task NoteAsync(string version, string problem, CancellationToken cancellationToken)
    {
        try
        {
            await registry.NoteServingProblemAsync(name, version, problem, cancellationToken);
        }
        catch (Exception exception) when (StorageErrors.IsStorageError(exception))
        {
            log.LogWarning(exception, "The row of version {Version} of the classifier {Classifier} could not be written", version, name);
        }
    }

    /// <summary>After <c>stopping</c>, and after the model's thread has ended.</summary>
    public void Dispose()
    {
        (loading ?? Task.CompletedTask).ContinueWith(_ => { }, TaskScheduler.Default).Wait();
        model?.Dispose();
    }

    private async Task LoadAsync()
    {
        Update(_ => new ClassifierStatus(name, ModelState.Loading));
        for (var delay = FirstDelay; ; delay = NextDelay(delay, MaxLoadDelay))
        {
            try
            {
                var reading = await registry.ReadPointerAsync(name, null, stopping);
                if (reading.ETag is null)
                {
                    onUnknown(this);
                    throw new UnknownClassifierException(name);
                }

                await LoadFirstUsableAsync(reading);
                return;
            }
            catch (Exception exception) when (exception is not UnknownClassifierException && !stopping.IsCancellationRequested)
            {
                log.LogError(exception, "The classifier {Classifier} could not be loaded; next attempt in {Seconds} s", name, delay.TotalSeconds);
                Update(_ => new ClassifierStatus(name, ModelState.Failed, Problem: StorageErrors.Describe(exception)));
                await Task.Delay(delay, time, stopping);
            }
        }
    }

    /// <summary>Takes the version that the pointer names or, if it cannot be used, the latest before it that can; the status says so.</summary>
    private async Task LoadFirstUsableAsync(PointerReading reading)
    {
        // Without the base no version can be judged.
        await loader.BaseAsync(stopping);
        lastError = DescribePointerProblem(reading);
        await foreach (var version in registry.ListServableAsync(name, reading, stopping))
        {
            var problem = await TrySwapAsync(version.Version, version.ManifestSha256, stopping);
            lastError ??= problem;
            if (problem is null)
            {
                ScheduleRetry(reading, FirstDelay);
                Update(now => now with { Problem = lastError });
                return;
            }
        }

        throw new InvalidDataException(lastError);
    }

    private static TimeSpan NextDelay(TimeSpan delay, TimeSpan longest) => delay * 2 < longest ? delay * 2 : longest;

    private async Task SwapToAsync(string version, string? manifestSha256, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        var next = await loader.LoadAsync(name, version, manifestSha256, cancellationToken);
        try
        {
            await thread.RunAsync(SwapSteps(next));
        }
        catch
        {
            next.Dispose();
            throw;
        }

        log.LogInformation("Version {Version} of the classifier {Classifier} serves, {Seconds:0.0} s after it was found", next.Version, name, time.GetElapsedTime(started).TotalSeconds);
    }

    /// <summary>On the model's thread, so that no forward pass is under way: prove, swap, and leave the rest to the background.</summary>
    private IEnumerable SwapSteps(LoadedModel next)
    {
        next.SmokeTest();
        var previous = model;
        model = next;
        Update(_ => new ClassifierStatus(name, ModelState.Ready, next.Version));
        _ = MergeInBackgroundAsync(next, previous);
        yield break;
    }

    /// <summary>
    /// Notes that a version serves; then merges linear by linear, each into the memory that the previous version gives up for it: two merged
    /// models never exist. Those who waited for the version are answered before.
    /// </summary>
    private async Task MergeInBackgroundAsync(LoadedModel next, LoadedModel? previous)
    {
        using (previous)
        {
            try
            {
                await NoteAsync(next.Version, problem: "", stopping);
                if (merge)
                {
                    await thread.RunAsync(next.MergeSteps(previous));
                    Update(now => now.Version == next.Version ? now with { Merged = true } : now);
                }
            }
            catch (Exception exception) when (!stopping.IsCancellationRequested)
            {
                // It goes on computing beside the base, which is right and a little slower.
                log.LogError(exception, "Version {Version} of the classifier {Classifier} was not merged", next.Version, name);
            }
        }
    }

    private void Update(Func<ClassifierStatus, ClassifierStatus> change)
    {
        lock (gate)
        {
            status = change(status);
        }
    }
}

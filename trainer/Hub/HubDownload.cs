using System.Net;
using Polly;
using Polly.Retry;

namespace Serverless.Trainer.Hub;

/// <summary>
/// Downloads single files. A partial download is a file beside the target with the content's hash in its name; it is resumed after a
/// lost connection or in a later run, and is renamed to the target only if its hash is the one that the Hub lists.
/// </summary>
internal sealed class HubDownload(HubClient hub, HubRetry retry)
{
    private readonly ResiliencePipeline attempts = retry.Pipeline();

    /// <param name="path">The target path.</param>
    /// <param name="progress">Receives the number of downloaded bytes.</param>
    /// <returns>False if the file was already there.</returns>
    /// <exception cref="HubException">The Hub returned an error, or content with another hash than it lists.</exception>
    public async Task<bool> FetchAsync(HubRepository repository, HubFile file, string path, IProgress<long> progress, CancellationToken cancellationToken)
    {
        if (File.Exists(path) && (await file.VerifyAsync(path, cancellationToken)).IsSame)
        {
            progress.Report(file.Size);
            return false;
        }

        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var partial = $"{path}.{file.Identity[..Math.Min(12, file.Identity.Length)]}.partial";
        await DownloadWithRetriesAsync(repository, file, partial, progress, cancellationToken);
        var verification = await file.VerifyAsync(partial, cancellationToken);
        if (!verification.IsSame)
        {
            File.Delete(partial);
            throw new HubException($"{file.Path} was damaged in transit: {verification.Difference}. The partial file was deleted; download it again.");
        }

        File.Move(partial, path, overwrite: true);
        return true;
    }

    /// <summary>Retries until all bytes are downloaded. Attempts that made progress do not count: a large file over a bad connection needs many.</summary>
    private async Task DownloadWithRetriesAsync(
        HubRepository repository, HubFile file, string partial, IProgress<long> progress, CancellationToken cancellationToken)
    {
        while (true)
        {
            var before = Length(partial);
            try
            {
                await attempts.ExecuteAsync(async cancel => await ResumeAsync(repository, file, partial, progress, cancel), cancellationToken);
                return;
            }
            catch (Exception exception) when (HubRetry.IsTransient(exception) && Length(partial) > before)
            {
            }
            catch (Exception exception) when (exception is IOException or HttpRequestException)
            {
                throw new HubException($"{file.Path}: {exception.Message} Run the same command again to resume the download.");
            }
        }
    }

    private async Task ResumeAsync(HubRepository repository, HubFile file, string partial, IProgress<long> progress, CancellationToken cancellationToken)
    {
        await using var target = new FileStream(partial, FileMode.OpenOrCreate, FileAccess.Write);
        if (target.Length == file.Size)
        {
            return;
        }

        using var idleTimeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        idleTimeout.CancelAfter(retry.IdleTimeout);
        try
        {
            using var response = await hub.OpenAsync(repository, file, target.Length, idleTimeout.Token);
            var continues = response.StatusCode == HttpStatusCode.PartialContent && response.Content.Headers.ContentRange?.From == target.Length;
            if (!continues)
            {
                target.SetLength(0);
            }

            if (response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable || (response.StatusCode == HttpStatusCode.PartialContent && !continues))
            {
                throw new IOException("The Hub did not return the requested range.");
            }

            target.Seek(0, SeekOrigin.End);
            await CopyAsync(response, target, progress, idleTimeout, cancellationToken);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new IOException($"No data was received for {retry.IdleTimeout.TotalSeconds:0} seconds.");
        }

        if (target.Length < file.Size)
        {
            throw new IOException($"The connection was closed after {target.Length:N0} of {file.Size:N0} bytes.");
        }
    }

    private async Task CopyAsync(
        HttpResponseMessage response,
        FileStream target,
        IProgress<long> progress,
        CancellationTokenSource idleTimeout,
        CancellationToken cancellationToken)
    {
        await using var content = await response.Content.ReadAsStreamAsync(idleTimeout.Token);
        var buffer = new byte[1 << 18];
        while (await content.ReadAsync(buffer, idleTimeout.Token) is > 0 and var read)
        {
            await target.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
            progress.Report(target.Length);
            idleTimeout.CancelAfter(retry.IdleTimeout);
        }
    }

    // The length of the file that is opened, also behind a symbolic link.
    private static long Length(string path)
    {
        if (!File.Exists(path))
        {
            return 0;
        }

        using var file = File.OpenHandle(path);
        return RandomAccess.GetLength(file);
    }
}

/// <summary>The retry policy for transient errors.</summary>
/// <param name="Attempts">Maximum number of retries without progress.</param>
/// <param name="Delay">Delay before the first retry, doubled for each further one, with jitter. The Hub's Retry-After header takes precedence.</param>
/// <param name="IdleTimeout">Maximum time without data.</param>
internal sealed record HubRetry(int Attempts, TimeSpan Delay, TimeSpan IdleTimeout, TimeProvider Time)
{
    public static HubRetry Default(TimeProvider time) => new(6, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(60), time);

    public static bool IsTransient(Exception exception) => exception is HubBusyException or HttpRequestException or IOException;

    /// <param name="onRetry">Receives a line for each failed attempt; null if a progress bar is shown.</param>
    public ResiliencePipeline Pipeline(Action<string>? onRetry = null) => new ResiliencePipelineBuilder { TimeProvider = Time }
        .AddRetry(new RetryStrategyOptions
        {
            ShouldHandle = new PredicateBuilder().Handle<Exception>(IsTransient),
            MaxRetryAttempts = Attempts,
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
            Delay = Delay,
            MaxDelay = TimeSpan.FromSeconds(60),
            DelayGenerator = attempt => ValueTask.FromResult(RetryAfter(attempt.Outcome.Exception)),
            OnRetry = attempt =>
            {
                var problem = attempt.Outcome.Exception!.Message.TrimEnd('.');
                onRetry?.Invoke(FormattableString.Invariant($"{problem}; retrying in {attempt.RetryDelay.TotalSeconds:0.0} s"));
                return ValueTask.CompletedTask;
            },
        })
        .Build();

    private static TimeSpan? RetryAfter(Exception? exception) =>
        exception is HubBusyException { RetryAfter: { } delay } && delay > TimeSpan.Zero ? delay : null;
}

using System.Net;
using Polly;
using Polly.Retry;

namespace Serverless.Trainer.Hub;

/// <summary>
/// Downloads single files so that nothing is lost and nothing is believed: what has arrived of a file lies beside its place under
/// a name that says which content it is, is continued from there after a cut connection or in a later run, and moves into
/// place only once its hash is the one that the hub lists.
/// </summary>
internal sealed class HubDownload(HubClient hub, HubRetry retry)
{
    private readonly ResiliencePipeline attempts = retry.Pipeline();

    /// <param name="path">Where the file belongs.</param>
    /// <param name="progress">Told how many bytes of the file are here.</param>
    /// <returns>False if it was there already.</returns>
    /// <exception cref="HubException">The hub refused, or served something else than it lists.</exception>
    public async Task<bool> FetchAsync(HubRepository repository, HubFile file, string path, IProgress<long> progress, CancellationToken cancellationToken)
    {
        if (File.Exists(path) && await file.FaultAsync(path, cancellationToken) is null)
        {
            progress.Report(file.Size);
            return false;
        }

        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var partial = $"{path}.{file.Identity[..Math.Min(12, file.Identity.Length)]}.partial";
        await DownloadWithRetriesAsync(repository, file, partial, progress, cancellationToken);
        if (await file.FaultAsync(partial, cancellationToken) is { } fault)
        {
            File.Delete(partial);
            throw new HubException($"{file.Path} was damaged on its way: {fault}. What had arrived is deleted; download it again.");
        }

        File.Move(partial, path, overwrite: true);
        return true;
    }

    /// <summary>Tries until all bytes are here. Tries that brought some do not count: a large file over a bad line is many of them.</summary>
    private async Task DownloadWithRetriesAsync(HubRepository repository, HubFile file, string partial, IProgress<long> progress, CancellationToken cancellationToken)
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
                throw new HubException($"{file.Path}: {exception.Message} The same command goes on where it stopped.");
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
                throw new IOException("The hub did not continue where it was asked to.");
            }

            target.Seek(0, SeekOrigin.End);
            await CopyAsync(response, target, progress, idleTimeout, cancellationToken);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new IOException($"Nothing came for {retry.IdleTimeout.TotalSeconds:0} seconds.");
        }

        if (target.Length < file.Size)
        {
            throw new IOException($"The connection ended after {target.Length:N0} of {file.Size:N0} bytes.");
        }
    }

    private async Task CopyAsync(HttpResponseMessage response, FileStream target, IProgress<long> progress, CancellationTokenSource idleTimeout, CancellationToken cancellationToken)
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

    private static long Length(string path) => new FileInfo(path) is { Exists: true } file ? file.Length : 0;
}

/// <summary>How long to go on where trying again may help.</summary>
/// <param name="Attempts">After the first one, without a byte of progress.</param>
/// <param name="Delay">Before the second attempt; it doubles from there, with jitter. What the hub asks for (Retry-After) comes first.</param>
/// <param name="IdleTimeout">How long a connection may say nothing.</param>
internal sealed record HubRetry(int Attempts, TimeSpan Delay, TimeSpan IdleTimeout, TimeProvider Time)
{
    public static HubRetry Default(TimeProvider time) => new(6, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(60), time);

    public static bool IsTransient(Exception exception) => exception is HubBusyException or HttpRequestException or IOException;

    /// <param name="onRetry">Told of each failed attempt, for a person who waits; null where a bar shows it.</param>
    public ResiliencePipeline Pipeline(Action<string>? onRetry = null) => new ResiliencePipelineBuilder { TimeProvider = Time }
        .AddRetry(new RetryStrategyOptions
        {
            ShouldHandle = new PredicateBuilder().Handle<Exception>(IsTransient),
            MaxRetryAttempts = Attempts,
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
            Delay = Delay,
            MaxDelay = TimeSpan.FromSeconds(60),
            DelayGenerator = attempt => ValueTask.FromResult((attempt.Outcome.Exception as HubBusyException)?.RetryAfter is { } after && after > TimeSpan.Zero ? after : (TimeSpan?)null),
            OnRetry = attempt =>
            {
                onRetry?.Invoke(FormattableString.Invariant($"{attempt.Outcome.Exception!.Message.TrimEnd('.')}; trying again in {attempt.RetryDelay.TotalSeconds:0.0} s"));
                return ValueTask.CompletedTask;
            },
        })
        .Build();
}

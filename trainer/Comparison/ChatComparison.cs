using System.ClientModel;
using System.Globalization;
using System.Threading.RateLimiting;
using Microsoft.Extensions.AI;
using Polly;
using Polly.Retry;
using Serverless.Trainer.Data;

namespace Serverless.Trainer.Comparison;

/// <summary>How to ask.</summary>
/// <param name="Parallel">Requests under way at once.</param>
/// <param name="RequestsPerMinute">The most requests begun in a minute, retries included.</param>
/// <param name="Attempts">Retries of one article that throttling, a server's trouble or a lost connection are worth.</param>
/// <param name="Delay">Before the first retry; it doubles from there, with jitter. What the server asks for (Retry-After) comes first.</param>
internal sealed record ChatRequestOptions(int Parallel, int RequestsPerMinute, int Attempts, TimeSpan Delay, ChatOptions Chat);

/// <summary>What the chat model made of an article.</summary>
/// <param name="Label">Null for an answer that is no label, or for none at all.</param>
/// <param name="Answer">Its words; or why there are none.</param>
internal sealed record ChatResult(DataSetRow Row, string? Label, string Answer, bool Failed);

/// <param name="InputTokens">As the endpoint counted them; null if it did not for every answer.</param>
internal sealed record ChatResults(IReadOnlyList<ChatResult> Rows, int Retries, TimeSpan Duration, long? InputTokens, long? OutputTokens);

/// <summary>Puts rows to a chat model: several at once, within a rate, each again where that may help, and none dropped silently.</summary>
internal sealed class ChatComparison(IChatClient chat, ZeroShotPrompt prompt, ChatRequestOptions options, TimeProvider time)
{
    // An endpoint that has not answered once by then never will.
    private const int MaxFailures = 5;

    private int retries;
    private int responses;
    private int failures;
    private int responsesWithUsage;
    private long inputTokens;
    private long outputTokens;

    /// <param name="progress">Told how many rows are done.</param>
    /// <exception cref="InvalidOperationException">The endpoint refuses, or never answers; says what to check.</exception>
    public async Task<ChatResults> ClassifyAsync(IReadOnlyList<DataSetRow> rows, IProgress<int> progress, CancellationToken cancellationToken)
    {
        await using var rate = new TokenBucketRateLimiter(RateLimiterOptions(options.RequestsPerMinute));
        var pipeline = CreateRetryPipeline();
        var results = new ChatResult[rows.Count];
        var done = 0;
        var begin = time.GetTimestamp();
        await Parallel.ForEachAsync(
            Enumerable.Range(0, rows.Count),
            new ParallelOptions { MaxDegreeOfParallelism = options.Parallel, CancellationToken = cancellationToken },
            async (i, cancel) =>
            {
                results[i] = await ClassifyAsync(rows[i], pipeline, rate, cancel);
                progress.Report(Interlocked.Increment(ref done));
            });
        var known = responsesWithUsage == responses;
        return new ChatResults(results, retries, time.GetElapsedTime(begin), known ? inputTokens : null, known ? outputTokens : null);
    }

    private async Task<ChatResult> ClassifyAsync(DataSetRow row, ResiliencePipeline pipeline, RateLimiter rate, CancellationToken cancellationToken)
    {
        try
        {
            var response = await pipeline.ExecuteAsync(
                async cancel =>
                {
                    using var turn = await rate.AcquireAsync(1, cancel);
                    return await chat.GetResponseAsync(prompt.For(row.Text), options.Chat, cancel);
                },
                cancellationToken);
            Interlocked.Increment(ref responses);
            if (response.Usage is { InputTokenCount: { } input, OutputTokenCount: { } output })
            {
                Interlocked.Increment(ref responsesWithUsage);
                Interlocked.Add(ref inputTokens, input);
                Interlocked.Add(ref outputTokens, output);
            }

            return new ChatResult(row, prompt.Read(response.Text), response.Text, Failed: false);
        }
        catch (Exception exception) when (IsTransient(exception, cancellationToken))
        {
            return Interlocked.Increment(ref failures) >= MaxFailures && Volatile.Read(ref responses) == 0
                ? throw new InvalidOperationException($"The endpoint has not answered once ({Format(exception)}). Check --endpoint, or lower --parallel and --requests-per-minute.", exception)
                : new ChatResult(row, null, Format(exception), Failed: true);
        }
        catch (ClientResultException exception)
        {
            throw new InvalidOperationException($"The endpoint refuses: {Format(exception)} Check --endpoint, --model and the key.", exception);
        }
    }

    /// <summary>Small portions: a whole minute's worth at once is what endpoints throttle.</summary>
    internal static TokenBucketRateLimiterOptions RateLimiterOptions(int requestsPerMinute)
    {
        var period = TimeSpan.FromSeconds(Math.Max(0.05, 60.0 / requestsPerMinute));
        var portion = Math.Max(1, (int)(period.TotalMinutes * requestsPerMinute));
        return new TokenBucketRateLimiterOptions { TokenLimit = portion, TokensPerPeriod = portion, ReplenishmentPeriod = period, QueueLimit = int.MaxValue };
    }

    private ResiliencePipeline CreateRetryPipeline() => new ResiliencePipelineBuilder { TimeProvider = time }
        .AddRetry(new RetryStrategyOptions
        {
            ShouldHandle = attempt => ValueTask.FromResult(attempt.Outcome.Exception is { } fault && IsTransient(fault, attempt.Context.CancellationToken)),
            MaxRetryAttempts = options.Attempts,
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
            Delay = options.Delay,
            MaxDelay = TimeSpan.FromSeconds(60),
            DelayGenerator = attempt => ValueTask.FromResult(RetryAfter(attempt.Outcome.Exception)),
            OnRetry = _ =>
            {
                Interlocked.Increment(ref retries);
                return ValueTask.CompletedTask;
            },
        })
        .Build();

    private static bool IsTransient(Exception exception, CancellationToken cancellationToken) => exception switch
    {
        ClientResultException { Status: var status } => status is 0 or 408 or 409 or 429 or >= 500, // 0: no answer came at all
        OperationCanceledException => !cancellationToken.IsCancellationRequested, // the client's own time limit
        HttpRequestException or IOException => true,
        _ => false,
    };

    private TimeSpan? RetryAfter(Exception? exception)
    {
        if ((exception as ClientResultException)?.GetRawResponse()?.Headers.TryGetValue("Retry-After", out var value) != true || value is null)
        {
            return null;
        }

        var wait = double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds) ? TimeSpan.FromSeconds(seconds)
            : DateTimeOffset.TryParse(value, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var date) ? date - time.GetUtcNow()
            : TimeSpan.Zero;
        return wait > TimeSpan.Zero ? wait : null;
    }

    private static string Format(Exception exception) => string.Join(' ', exception.Message.Split(default(char[]), StringSplitOptions.RemoveEmptyEntries));
}

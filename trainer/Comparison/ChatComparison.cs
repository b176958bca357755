using System.ClientModel;
using System.Globalization;
using System.Threading.RateLimiting;
using Microsoft.Extensions.AI;
using Polly;
using Polly.Retry;
using Serverless.Trainer.Data;

namespace Serverless.Trainer.Comparison;

/// <summary>Options for the requests to a chat model.</summary>
/// <param name="Parallel">Concurrent requests.</param>
/// <param name="RequestsPerMinute">Maximum number of requests per minute, retries included.</param>
/// <param name="Attempts">Maximum number of retries per article after throttling, a server error or a lost connection.</param>
/// <param name="Delay">Delay before the first retry, doubled for each further one, with jitter. The server's Retry-After header takes precedence.</param>
internal sealed record ChatRequestOptions(int Parallel, int RequestsPerMinute, int Attempts, TimeSpan Delay, ChatOptions Chat);

/// <summary>The chat model's classification of one article.</summary>
/// <param name="Label">Null if the reply is not a label, or if there is no reply.</param>
/// <param name="Answer">The text of the reply, or the error.</param>
internal sealed record ChatResult(DataSetRow Row, string? Label, string Answer, bool Failed);

/// <param name="InputTokens">As the endpoint reports them; null unless it reported them for every reply.</param>
internal sealed record ChatResults(IReadOnlyList<ChatResult> Rows, int Retries, TimeSpan Duration, long? InputTokens, long? OutputTokens);

/// <summary>Classifies rows with a chat model: concurrently, within a rate limit, with retries. A row that fails is reported, not dropped.</summary>
internal sealed class ChatComparison(IChatClient chat, ZeroShotPrompt prompt, ChatRequestOptions options, TimeProvider time)
{
    // If the first requests all fail after their retries, the endpoint does not work.
    private const int MaxFailures = 5;

    private int retries;
    private int responses;
    private int failures;
    private int responsesWithUsage;
    private long inputTokens;
    private long outputTokens;

    /// <param name="progress">Receives the number of completed rows.</param>
    /// <exception cref="UserException">The endpoint rejects a request or does not reply at all.</exception>
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

    /// <summary>Replenishes tokens in small portions: endpoints throttle a minute's worth of requests at once.</summary>
    internal static TokenBucketRateLimiterOptions RateLimiterOptions(int requestsPerMinute)
    {
        var period = TimeSpan.FromSeconds(Math.Max(0.05, 60.0 / requestsPerMinute));
        var portion = Math.Max(1, (int)(period.TotalMinutes * requestsPerMinute));
        return new TokenBucketRateLimiterOptions { TokenLimit = portion, TokensPerPeriod = portion, ReplenishmentPeriod = period, QueueLimit = int.MaxValue };
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

            return new ChatResult(row, prompt.ParseLabel(response.Text), response.Text, Failed: false);
        }
        catch (Exception exception) when (IsTransient(exception, cancellationToken))
        {
            return Interlocked.Increment(ref failures) >= MaxFailures && Volatile.Read(ref responses) == 0
                ? throw new UserException(
                    $"The endpoint has not replied to any request ({Format(exception)}). " +
                    "Check --endpoint, or lower --parallel and --requests-per-minute.",
                    exception)
                : new ChatResult(row, null, Format(exception), Failed: true);
        }
        catch (ClientResultException exception)
        {
            throw new UserException($"The endpoint rejects the request: {Format(exception)} Check --endpoint, --model and the key.", exception);
        }
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
        ClientResultException { Status: var status } => status is 0 or 408 or 409 or 429 or >= 500, // 0: no response
        OperationCanceledException => !cancellationToken.IsCancellationRequested, // the client's own timeout
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

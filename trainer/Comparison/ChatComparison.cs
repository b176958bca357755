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
    private const int FailuresToGiveUp = 5;

    private int retries;
    private int answered;
    private int failed;
    private int counted;
    private long inputTokens;
    private long outputTokens;

    /// <param name="asked">Told how many rows are done.</param>
    /// <exception cref="InvalidOperationException">The endpoint refuses, or never answers; says what to check.</exception>
    public async Task<ChatResults> AskAsync(IReadOnlyList<DataSetRow> rows, IProgress<int> asked, CancellationToken cancellationToken)
    {
        await using var rate = new TokenBucketRateLimiter(Rate(options.RequestsPerMinute));
        var attempts = Retrying();
        var answers = new ChatResult[rows.Count];
        var done = 0;
        var begin = time.GetTimestamp();
        await Parallel.ForEachAsync(
            Enumerable.Range(0, rows.Count),
            new ParallelOptions { MaxDegreeOfParallelism = options.Parallel, CancellationToken = cancellationToken },
            async (i, cancel) =>
            {
                answers[i] = await AskAsync(rows[i], attempts, rate, cancel);
                asked.Report(Interlocked.Increment(ref done));
            });
        var known = counted == answered;
        return new ChatResults(answers, retries, time.GetElapsedTime(begin), known ? inputTokens : null, known ? outputTokens : null);
    }

    private async Task<ChatResult> AskAsync(DataSetRow row, ResiliencePipeline attempts, RateLimiter rate, CancellationToken cancellationToken)
    {
        try
        {
            var response = await attempts.ExecuteAsync(
                async cancel =>
                {
                    using var turn = await rate.AcquireAsync(1, cancel);
                    return await chat.GetResponseAsync(prompt.For(row.Text), options.Chat, cancel);
                },
                cancellationToken);
            Interlocked.Increment(ref answered);
            if (response.Usage is { InputTokenCount: { } input, OutputTokenCount: { } output })
            {
                Interlocked.Increment(ref counted);
                Interlocked.Add(ref inputTokens, input);
                Interlocked.Add(ref outputTokens, output);
            }

            return new ChatResult(row, prompt.Read(response.Text), response.Text, Failed: false);
        }
        catch (Exception fault) when (IsPassing(fault, cancellationToken))
        {
            return Interlocked.Increment(ref failed) >= FailuresToGiveUp && Volatile.Read(ref answered) == 0
                ? throw new InvalidOperationException($"The endpoint has not answered once ({Words(fault)}). Check --endpoint, or lower --parallel and --requests-per-minute.", fault)
                : new ChatResult(row, null, Words(fault), Failed: true);
        }
        catch (ClientResultException refused)
        {
            throw new InvalidOperationException($"The endpoint refuses: {Words(refused)} Check --endpoint, --model and the key.", refused);
        }
    }

    /// <summary>Small portions: a whole minute's worth at once is what endpoints throttle.</summary>
    internal static TokenBucketRateLimiterOptions Rate(int requestsPerMinute)
    {
        var period = TimeSpan.FromSeconds(Math.Max(0.05, 60.0 / requestsPerMinute));
        var portion = Math.Max(1, (int)(period.TotalMinutes * requestsPerMinute));
        return new TokenBucketRateLimiterOptions { TokenLimit = portion, TokensPerPeriod = portion, ReplenishmentPeriod = period, QueueLimit = int.MaxValue };
    }

    private ResiliencePipeline Retrying() => new ResiliencePipelineBuilder { TimeProvider = time }
        .AddRetry(new RetryStrategyOptions
        {
            ShouldHandle = tried => ValueTask.FromResult(tried.Outcome.Exception is { } fault && IsPassing(fault, tried.Context.CancellationToken)),
            MaxRetryAttempts = options.Attempts,
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
            Delay = options.Delay,
            MaxDelay = TimeSpan.FromSeconds(60),
            DelayGenerator = tried => ValueTask.FromResult(RetryAfter(tried.Outcome.Exception)),
            OnRetry = _ =>
            {
                Interlocked.Increment(ref retries);
                return ValueTask.CompletedTask;
            },
        })
        .Build();

    private static bool IsPassing(Exception fault, CancellationToken cancellationToken) => fault switch
    {
        ClientResultException answer => answer.Status is 0 or 408 or 409 or 429 or >= 500, // 0: no answer came at all
        OperationCanceledException => !cancellationToken.IsCancellationRequested, // the client's own time limit
        HttpRequestException or IOException => true,
        _ => false,
    };

    private TimeSpan? RetryAfter(Exception? fault)
    {
        if ((fault as ClientResultException)?.GetRawResponse()?.Headers.TryGetValue("Retry-After", out var value) != true || value is null)
        {
            return null;
        }

        var wait = double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds) ? TimeSpan.FromSeconds(seconds)
            : DateTimeOffset.TryParse(value, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var date) ? date - time.GetUtcNow()
            : TimeSpan.Zero;
        return wait > TimeSpan.Zero ? wait : null;
    }

    private static string Words(Exception fault) => string.Join(' ', fault.Message.Split(default(char[]), StringSplitOptions.RemoveEmptyEntries));
}

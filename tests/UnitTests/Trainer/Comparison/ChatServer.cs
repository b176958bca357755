using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Serverless.UnitTests.Trainer.Comparison;

/// <summary>Plays an OpenAI-compatible chat endpoint on a free port; answers as it is told.</summary>
internal sealed class ChatServer : IAsyncDisposable
{
    private readonly WebApplication app;
    private int running;
    private int mostRunning;

    private ChatServer(Func<string, string> answer)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        app = builder.Build();
        app.MapPost("/v1/chat/completions", (HttpContext context) => CompleteAsync(context, answer));
    }

    /// <summary>Answers to be given before any sensible one.</summary>
    public ConcurrentQueue<(int Status, string? RetryAfter)> Troubles { get; } = [];

    /// <summary>Given to every request for an article that holds this text.</summary>
    public (string Text, int Status)? Always { get; set; }

    public ConcurrentQueue<string> Bodies { get; } = [];

    public int MostRunning => mostRunning;

    public bool CountsTokens { get; set; } = true;

    public Uri Address => new($"{app.Urls.Single()}/v1");

    /// <param name="answer">Gives the answer to an article.</param>
    public static async Task<ChatServer> StartAsync(Func<string, string> answer)
    {
        var server = new ChatServer(answer);
        await server.app.StartAsync(TestContext.Current.CancellationToken);
        return server;
    }

    public async ValueTask DisposeAsync() => await app.DisposeAsync();

    private async Task CompleteAsync(HttpContext context, Func<string, string> answer)
    {
        InterlockedMax(Interlocked.Increment(ref running));
        using var body = await JsonDocument.ParseAsync(context.Request.Body);
        var article = body.RootElement.GetProperty("messages").EnumerateArray().Last().GetProperty("content") is { ValueKind: JsonValueKind.String } text
            ? text.GetString()!
            : body.RootElement.GetProperty("messages").EnumerateArray().Last().GetProperty("content")[0].GetProperty("text").GetString()!;
        Bodies.Enqueue(body.RootElement.GetRawText());
        await Task.Yield();
        Interlocked.Decrement(ref running);
        if (Troubles.TryDequeue(out var trouble))
        {
            await RefuseAsync(context, trouble.Status, trouble.RetryAfter);
            return;
        }

        if (Always is { } always && article.Contains(always.Text, StringComparison.Ordinal))
        {
            await RefuseAsync(context, always.Status, null);
            return;
        }

        await context.Response.WriteAsJsonAsync(new
        {
            id = "chat-1",
            @object = "chat.completion",
            created = 1_700_000_000,
            model = "test",
            choices = new[] { new { index = 0, message = new { role = "assistant", content = answer(article) }, finish_reason = "stop" } },
            usage = CountsTokens ? new { prompt_tokens = 100, completion_tokens = 2, total_tokens = 102 } : null,
        });
    }

    private static async Task RefuseAsync(HttpContext context, int status, string? retryAfter)
    {
        context.Response.StatusCode = status;
        context.Response.Headers.RetryAfter = retryAfter;
        await context.Response.WriteAsJsonAsync(new { error = new { message = "no", type = "test" } });
    }

    private void InterlockedMax(int value)
    {
        int seen;
        while (value > (seen = mostRunning) && Interlocked.CompareExchange(ref mostRunning, value, seen) != seen)
        {
        }
    }
}

using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Serverless.UnitTests.Trainer.Hub;

/// <summary>
/// Plays the Hugging Face hub on a free port: lists files with their hashes, a page at a time, sends large ones on to a storage
/// of another host name, continues a file where asked to, and misbehaves as it is told.
/// </summary>
internal sealed class HubServer : IAsyncDisposable
{
    public const string Commit = "0123456789abcdef0123456789abcdef01234567";

    private readonly WebApplication app;
    private int port;

    private HubServer()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        app = builder.Build();
        app.Run(AnswerAsync);
    }

    public Dictionary<string, byte[]> Files { get; } = [];

    /// <summary>The model that it has.</summary>
    public string Name { get; init; } = "owner/model";

    /// <summary>The token without which nothing is given; null for a public repository.</summary>
    public string? Token { get; init; }

    /// <summary>Connections to be cut after so many bytes of a file, one after another.</summary>
    public ConcurrentQueue<int> Cuts { get; } = [];

    /// <summary>Answers to be given before any sensible one.</summary>
    public ConcurrentQueue<(int Status, string? RetryAfter)> Troubles { get; } = [];

    /// <summary>Content served in the place of a file's own.</summary>
    public Dictionary<string, byte[]> Wrong { get; } = [];

    /// <summary>Ignores where a file should continue, as some proxies do.</summary>
    public bool KnowsNoRange { get; init; }

    /// <summary>"METHOD path range token" of each request for a file's bytes.</summary>
    public ConcurrentQueue<string> Served { get; } = [];

    public Uri Address => new($"http://127.0.0.1:{port}/");

    public static async Task<HubServer> StartAsync(Func<HubServer>? make = null)
    {
        var server = make?.Invoke() ?? new HubServer();
        await server.app.StartAsync(TestContext.Current.CancellationToken);
        server.port = new Uri(server.app.Urls.Single()).Port;
        return server;
    }

    public static HubServer New(string? token = null, bool knowsNoRange = false, string name = "owner/model") =>
        new() { Token = token, KnowsNoRange = knowsNoRange, Name = name };

    public async ValueTask DisposeAsync() => await app.DisposeAsync();

    private async Task AnswerAsync(HttpContext context)
    {
        var path = context.Request.Path.Value!;
        if (path.StartsWith("/storage/", StringComparison.Ordinal))
        {
            await ServeAsync(context, path["/storage/".Length..]);
        }
        else if (Troubles.TryDequeue(out var trouble))
        {
            context.Response.StatusCode = trouble.Status;
            context.Response.Headers.RetryAfter = trouble.RetryAfter;
        }
        else if (Token is not null && context.Request.Headers.Authorization != $"Bearer {Token}")
        {
            Refuse(context, 401, "GatedRepo");
        }
        else if (path == $"/api/models/{Name}/revision/main" || path is "/api/datasets/owner/data/revision/main" or "/api/models/owner/model/revision/v1")
        {
            await context.Response.WriteAsJsonAsync(new { sha = Commit });
        }
        else if (path == $"/api/models/{Name}/tree/{Commit}" || path is $"/api/datasets/owner/data/tree/{Commit}")
        {
            await ListAsync(context);
        }
        else if (path.Split($"/resolve/{Commit}/") is [_, var file] && Files.ContainsKey(file))
        {
            // The hub keeps small files itself and sends the others elsewhere, to a host that the token is none of the business of.
            context.Response.Redirect(IsLarge(file) ? $"http://localhost:{port}/storage/{file}" : $"/storage/{file}");
        }
        else
        {
            Refuse(context, path.Contains("/revision/", StringComparison.Ordinal) && path.Contains("owner/", StringComparison.Ordinal) ? 404 : 401,
                path.Contains("owner/", StringComparison.Ordinal) ? "RevisionNotFound" : "RepoNotFound");
        }
    }

    private async Task ListAsync(HttpContext context)
    {
        var page = int.Parse(context.Request.Query["cursor"].FirstOrDefault() ?? "0", CultureInfo.InvariantCulture);
        var names = Files.Keys.Order(StringComparer.Ordinal).Skip(page * 3).Take(3).ToArray();
        if ((page + 1) * 3 < Files.Count)
        {
            context.Response.Headers.Link = $"<{Address}{context.Request.Path.Value![1..]}?cursor={page + 1}>; rel=\"next\"";
        }

        await context.Response.WriteAsJsonAsync(names.Select(name => new Dictionary<string, object?>
        {
            ["type"] = "file",
            ["path"] = name,
            ["size"] = Files[name].Length,
            ["oid"] = GitId(Files[name]),
            ["lfs"] = IsLarge(name) ? new { oid = Convert.ToHexStringLower(SHA256.HashData(Files[name])), size = Files[name].Length, pointerSize = 130 } : null,
        }.Where(property => property.Value is not null).ToDictionary()).Prepend(new() { ["type"] = "directory", ["path"] = "folder", ["size"] = 0, ["oid"] = "" }));
    }

    private async Task ServeAsync(HttpContext context, string file)
    {
        var content = Wrong.GetValueOrDefault(file, Files[file]);
        var range = KnowsNoRange ? null : context.Request.GetTypedHeaders().Range?.Ranges.Single().From;
        Served.Enqueue($"{file} from {range ?? 0}{(context.Request.Headers.Authorization.Count > 0 ? " with the token" : "")}");
        var from = (int)(range ?? 0);
        if (range is not null)
        {
            context.Response.StatusCode = 206;
            context.Response.Headers.ContentRange = $"bytes {from}-{content.Length - 1}/{content.Length}";
        }

        context.Response.ContentLength = content.Length - from;
        if (Cuts.TryDequeue(out var cut))
        {
            await context.Response.Body.WriteAsync(content.AsMemory(from, Math.Min(cut, content.Length - from)));
            await context.Response.Body.FlushAsync();
            await Task.Delay(30); // A reset overtakes what is still on its way; let something arrive.
            context.Abort();
            return;
        }

        await context.Response.Body.WriteAsync(content.AsMemory(from));
    }

    private static void Refuse(HttpContext context, int status, string code)
    {
        context.Response.StatusCode = status;
        context.Response.Headers["X-Error-Code"] = code;
    }

    private static bool IsLarge(string file) => file.EndsWith(".safetensors", StringComparison.Ordinal) || file.EndsWith(".parquet", StringComparison.Ordinal);

#pragma warning disable CA5350 // Git names its blobs so.
    private static string GitId(byte[] content) => Convert.ToHexStringLower(SHA1.HashData([.. Encoding.ASCII.GetBytes($"blob {content.Length}\0"), .. content]));
#pragma warning restore CA5350
}

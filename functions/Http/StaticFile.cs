using System.Reflection;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Net.Http.Headers;

namespace Serverless.Functions.Http;

/// <summary>A file that is embedded in the assembly and served as it is.</summary>
internal sealed record StaticFile(byte[] Content, string ContentType, EntityTagHeaderValue ETag)
{
    private const string PageFolder = "wwwroot/";

    private static readonly Assembly Assembly = typeof(StaticFile).Assembly;

    /// <summary>The files of the web page, by name.</summary>
    public static IReadOnlyDictionary<string, StaticFile> Page { get; } = Assembly.GetManifestResourceNames()
        .Where(name => name.StartsWith(PageFolder, StringComparison.Ordinal))
        .ToDictionary(name => name[PageFolder.Length..], Read);

    public static StaticFile Read(string resource)
    {
        using var stream = Assembly.GetManifestResourceStream(resource)!;
        var content = new byte[stream.Length];
        stream.ReadExactly(content);
        var etag = new EntityTagHeaderValue($"\"{Convert.ToHexStringLower(SHA256.HashData(content))}\"");
        return new StaticFile(content, ContentTypeOf(resource), etag);
    }

    public FileContentHttpResult ToResult() => TypedResults.Bytes(Content, ContentType, entityTag: ETag);

    private static string ContentTypeOf(string file) => Path.GetExtension(file) switch
    {
        ".html" => "text/html; charset=utf-8",
        ".css" => "text/css; charset=utf-8",
        ".js" => "text/javascript; charset=utf-8",
        ".json" => "application/json",
        ".svg" => "image/svg+xml",
        var extension => throw new InvalidOperationException($"Add the content type of '{extension}' here."),
    };
}

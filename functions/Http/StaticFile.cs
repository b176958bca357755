using System.Security.Cryptography;
using Microsoft.Net.Http.Headers;

namespace Serverless.Functions.Http;

/// <summary>A file of the page. They lie in the assembly, so they are wherever the functions are.</summary>
internal sealed record StaticFile(byte[] Content, string ContentType, EntityTagHeaderValue ETag)
{
    private const string Prefix = "wwwroot/";

    /// <summary>By their names.</summary>
    public static IReadOnlyDictionary<string, StaticFile> All { get; } = typeof(StaticFile).Assembly.GetManifestResourceNames()
        .Where(name => name.StartsWith(Prefix, StringComparison.Ordinal))
        .ToDictionary(name => name[Prefix.Length..], Read);

    private static StaticFile Read(string resource)
    {
        using var stream = typeof(StaticFile).Assembly.GetManifestResourceStream(resource)!;
        var content = new byte[stream.Length];
        stream.ReadExactly(content);
        return new StaticFile(content, ContentTypeOf(resource), new EntityTagHeaderValue($"\"{Convert.ToHexStringLower(SHA256.HashData(content))}\""));
    }

    private static string ContentTypeOf(string file) => Path.GetExtension(file) switch
    {
        ".html" => "text/html; charset=utf-8",
        ".css" => "text/css; charset=utf-8",
        ".js" => "text/javascript; charset=utf-8",
        ".svg" => "image/svg+xml",
        var other => throw new InvalidOperationException($"Which content type has '{other}'? Name it here."),
    };
}

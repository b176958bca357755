using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;
using Serverless.Storage;

namespace Serverless.Functions.Http;

/// <summary>The body of a request: JSON or plain text, in UTF-8, of at most 2 MB.</summary>
internal sealed record RequestBody(string Text, bool IsJson)
{
    /// <exception cref="ProblemException">The media type or the encoding is not supported, or the body is too large.</exception>
    public static async Task<RequestBody> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        var isJson = IsJsonMediaType(request.ContentType);
        var bytes = await ReadBytesAsync(request, cancellationToken);
        return StrictUtf8.TryDecode(bytes.Span, out var text, out var invalidByte)
            ? new RequestBody(text.TrimStart('\uFEFF'), isJson)
            : throw new ProblemException(ProblemType.MalformedRequest, $"The body is not UTF-8 (byte {invalidByte:N0}).");
    }

    private static bool IsJsonMediaType(string? contentType)
    {
        var isUtf8 = MediaTypeHeaderValue.TryParse(contentType, out var type)
            && type.Charset.Value?.Trim('"').ToUpperInvariant() is null or "UTF-8" or "US-ASCII";
        return (isUtf8 ? type?.MediaType.Value?.ToUpperInvariant() : null) switch
        {
            "APPLICATION/JSON" => true,
            "TEXT/PLAIN" => false,
            _ => throw new ProblemException(
                ProblemType.UnsupportedMediaType, "Send 'Content-Type: application/json' or 'text/plain', in UTF-8."),
        };
    }

    private static async Task<ReadOnlyMemory<byte>> ReadBytesAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        using var body = new MemoryStream();
        var buffer = new byte[64 * 1024];
        var read = 0;
        do
        {
            body.Write(buffer, 0, read);
            if (request.ContentLength > ArticleLimits.RequestBytes || body.Length > ArticleLimits.RequestBytes)
            {
                throw new ProblemException(ProblemType.TooLarge, $"The body has more than {ArticleLimits.RequestBytes:N0} bytes (2 MB).");
            }
        }
        while ((read = await request.Body.ReadAsync(buffer, cancellationToken)) > 0);

        return body.ToArray();
    }
}

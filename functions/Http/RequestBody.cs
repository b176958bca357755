using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;
using Serverless.Storage;

namespace Serverless.Functions.Http;

/// <summary>The body of a request as text: UTF-8, JSON or plain, no longer than the contract allows.</summary>
internal sealed record RequestBody(string Text, bool IsJson)
{
    /// <exception cref="ProblemException">The body is of another type or encoding, or too long.</exception>
    public static async Task<RequestBody> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        var isJson = IsJsonOf(request.ContentType);
        var bytes = await ReadBytesAsync(request, cancellationToken);
        return StrictUtf8.TryDecode(bytes.Span, out var text, out var invalidByte)
            ? new RequestBody(text.TrimStart('\uFEFF'), isJson)
            : throw new ProblemException(ProblemType.MalformedRequest, $"The body is not UTF-8 (byte {invalidByte:N0}).");
    }

    private static bool IsJsonOf(string? contentType)
    {
        if (MediaTypeHeaderValue.TryParse(contentType, out var type) && type.Charset.Value?.Trim('"').ToUpperInvariant() is null or "UTF-8" or "US-ASCII")
        {
            switch (type?.MediaType.Value?.ToUpperInvariant())
            {
                case "APPLICATION/JSON":
                    return true;
                case "TEXT/PLAIN":
                    return false;
            }
        }

        throw new ProblemException(ProblemType.UnsupportedMediaType, "Send 'Content-Type: application/json' or 'text/plain', in UTF-8.");
    }

    private static async Task<ReadOnlyMemory<byte>> ReadBytesAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        using var body = new MemoryStream();
        var buffer = new byte[64 * 1024];
        int read = 0;
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

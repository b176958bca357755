using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;
using Serverless.Storage;

namespace Serverless.Functions.Http;

/// <summary>The body of a request: JSON or plain text, in UTF-8, of at most 2 MB.</summary>
internal sealed record RequestBody(string Text, bool IsJson)
{
    /// <param name="request">The request.</param>
    /// <param name="memory">Is made as large as the body.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    /// <exception cref="ProblemException">The media type or the encoding is not supported, or the body is too large.</exception>
    public static async Task<RequestBody> ReadAsync(HttpRequest request, BodyReservation memory, CancellationToken cancellationToken)
    {
        RequireNoContentEncoding(request);
        var isJson = IsJsonMediaType(request.ContentType);
        var bytes = await ReadBytesAsync(request, memory, cancellationToken);
        return StrictUtf8.TryDecode(bytes.Span, out var text, out var invalidByte)
            ? new RequestBody(text.TrimStart('\uFEFF'), isJson)
            : throw new ProblemException(ProblemType.MalformedRequest, $"The body is {StrictUtf8.Describe(bytes.Span, invalidByte)}.");
    }

    /// <exception cref="ProblemException">The body is compressed.</exception>
    public static void RequireNoContentEncoding(HttpRequest request)
    {
        var encoding = request.Headers.ContentEncoding.ToString();
        if (encoding.Length > 0 && !encoding.Equals("identity", StringComparison.OrdinalIgnoreCase))
        {
            throw new ProblemException(
                ProblemType.UnsupportedMediaType, $"The body has the Content-Encoding '{encoding}'. Send it uncompressed, without this header.");
        }
    }

    private static bool IsJsonMediaType(string? contentType)
    {
        var isUtf8 = MediaTypeHeaderValue.TryParse(contentType, out var type)
            && type.Charset.Value?.Trim('"').ToUpperInvariant() is null or "UTF-8" or "UTF8" or "US-ASCII";
        return (isUtf8 ? type?.MediaType.Value?.ToUpperInvariant() : null) switch
        {
            "APPLICATION/JSON" => true,
            "TEXT/PLAIN" => false,
            _ => throw new ProblemException(
                ProblemType.UnsupportedMediaType,
                $"The Content-Type is '{contentType}'. Send 'Content-Type: application/json' or 'text/plain', in UTF-8."),
        };
    }

    private static async Task<ReadOnlyMemory<byte>> ReadBytesAsync(HttpRequest request, BodyReservation memory, CancellationToken cancellationToken)
    {
        RequireSize(request.ContentLength ?? 0);
        memory.Require((int)(request.ContentLength ?? 0));
        using var body = new MemoryStream();
        var buffer = new byte[64 * 1024];
        for (var read = 0; (read = await request.Body.ReadAsync(buffer, cancellationToken)) > 0;)
        {
            RequireSize(body.Length + read);
            memory.Require((int)body.Length + read);
            body.Write(buffer, 0, read);
        }

        return body.GetBuffer().AsMemory(0, (int)body.Length);
    }

    private static void RequireSize(long bytes)
    {
        if (bytes > ArticleLimits.RequestBytes)
        {
            throw new ProblemException(ProblemType.TooLarge, $"The body has more than {ArticleLimits.RequestBytes:N0} bytes (2 MB).");
        }
    }
}

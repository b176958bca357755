namespace Serverless.Storage;

/// <summary>ETags as text.</summary>
public static class ETags
{
    /// <summary>The ETag without quotation marks.</summary>
    /// <remarks>Listings return ETags without quotation marks, response headers with them.</remarks>
    public static string Unquote(string etag) => etag.Trim('"');
}

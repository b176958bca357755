namespace Serverless.Training;

/// <summary>The permission to upload one data set to storage.</summary>
/// <param name="Classifier">The classifier that it trains.</param>
/// <param name="File">Its file name.</param>
/// <param name="Url">The URL of the blob with a shared access signature.</param>
/// <param name="Method">The HTTP method of the upload.</param>
/// <param name="Headers">The headers that the upload needs.</param>
/// <param name="ExpiresAt">When the permission ends.</param>
public sealed record DatasetUpload(
    string Classifier, string File, string Url, string Method, IReadOnlyDictionary<string, string> Headers, DateTimeOffset ExpiresAt);

using System.Text.Json.Serialization;

namespace Serverless.Training;

/// <summary>A data set in the container <c>datasets</c>.</summary>
public sealed record StoredDataset(string Classifier, string File, long Bytes, [property: JsonPropertyName("etag")] string ETag);

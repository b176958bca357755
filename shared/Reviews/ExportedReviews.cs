using System.Text.Json.Serialization;

namespace Serverless.Reviews;

/// <summary>The result of an export.</summary>
/// <param name="Dataset">The blob in the container <c>datasets</c>.</param>
/// <param name="Rows">The number of human labels in it.</param>
/// <param name="ExtendedFrom">The data set that it begins with; null if it has human labels only.</param>
public sealed record ExportedReviews(string Dataset, int Rows, [property: JsonPropertyName("continues")] string? ExtendedFrom);

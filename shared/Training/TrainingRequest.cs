using System.Text.Json;
using Serverless.Storage;

namespace Serverless.Training;

/// <summary>A message of the queue <c>training-requests</c>: one training job.</summary>
/// <param name="Dataset">The blob's name inside the container <c>datasets</c>.</param>
/// <param name="ETag">The blob's ETag when the request was made: what is to be trained on, and nothing else.</param>
/// <param name="Classifier">Which classifier the new version is for.</param>
/// <param name="RequestedAt">When the data set was noticed.</param>
public sealed record TrainingRequest(string Dataset, string ETag, string Classifier, DateTimeOffset RequestedAt)
{
    public string ToJson() => JsonSerializer.Serialize(this, StorageJson.Options);

    /// <exception cref="FormatException">The body is no training request.</exception>
    public static TrainingRequest Parse(string body)
    {
        try
        {
            return JsonSerializer.Deserialize<TrainingRequest>(body, StorageJson.Options) is { Dataset: not null, ETag: not null, Classifier: not null } request
                ? request
                : throw new FormatException("A training request needs 'dataset', 'eTag' and 'classifier'.");
        }
        catch (JsonException exception)
        {
            throw new FormatException($"The message is no training request: {exception.Message}", exception);
        }
    }
}

using System.Text.Json;
using Serverless.Storage;

namespace Serverless.Training;

/// <summary>A message of the queue <c>training-requests</c>: one training job.</summary>
/// <param name="Dataset">The blob's name in the container <c>datasets</c>.</param>
/// <param name="ETag">The blob's ETag when the request was made. Only this state of the blob is trained on.</param>
/// <param name="Classifier">The classifier to train.</param>
/// <param name="RequestedAt">When the event of the data set was handled.</param>
public sealed record TrainingRequest(string Dataset, string ETag, string Classifier, DateTimeOffset RequestedAt)
{
    public string ToJson() => JsonSerializer.Serialize(this, StorageJson.Options);

    /// <exception cref="FormatException">The body is not a valid training request.</exception>
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
            throw new FormatException($"The message is not a valid training request: {exception.Message}", exception);
        }
    }
}

using System.Text.Json;
using Azure.Data.Tables;
using Serverless.Articles;
using Serverless.Storage;

namespace Serverless.Reviews;

/// <summary>How the table <c>reviews</c> is written and read.</summary>
internal static class ReviewTable
{
    public const string Waiting = "waiting";
    public const string Labelled = "labelled";

    public static TableEntity Of(ArticleMessage article, ClassificationResult answer) =>
        new(answer.Classifier, StorageNames.ReviewRow(answer.ArticleHash(), answer.TextHash))
        {
            ["Id"] = answer.Id,
            ["State"] = Waiting,
            ["Title"] = article.Title,
            ["Text"] = article.Text,
            ["Blob"] = article.Blob,
            ["Label"] = answer.Label,
            ["Score"] = answer.Score,
            ["Probabilities"] = JsonSerializer.Serialize(answer.Probabilities, StorageJson.Options),
            ["ModelVersion"] = answer.ModelVersion,
            ["Time"] = answer.CompletedAt,
        };

    public static ReviewEntry Article(TableEntity row, string text) => new(
        row.GetString("Id"),
        text,
        row.GetString("Title"),
        row.GetString("Label"),
        row.GetDouble("Score") ?? 0,
        Probabilities(row),
        row.GetString("ModelVersion"),
        row.GetDateTimeOffset("Time") ?? default);

    public static IReadOnlyDictionary<string, double> Probabilities(TableEntity row) =>
        JsonSerializer.Deserialize<OrderedDictionary<string, double>>(row.GetString("Probabilities"), StorageJson.Options)!;
}

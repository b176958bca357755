using System.Text.Json;
using Azure.Data.Tables;
using Serverless.Storage;

namespace Serverless.Reviews;

/// <summary>The rows of the table <c>reviews</c>.</summary>
internal static class ReviewTable
{
    public const string Waiting = "waiting";
    public const string Labelled = "labelled";

    public static TableEntity ToRow(ReviewCandidate article) =>
        new(article.Classifier, StorageNames.ReviewRow(Sha256Hex.OfText(article.Id), article.TextHash))
        {
            ["Id"] = article.Id,
            ["State"] = Waiting,
            ["Title"] = article.Title,
            ["Text"] = article.Text,
            ["Blob"] = article.Blob,
            ["Label"] = article.Label,
            ["Score"] = article.Score,
            ["Probabilities"] = JsonSerializer.Serialize(article.Probabilities, StorageJson.Options),
            ["ModelVersion"] = article.ModelVersion,
            ["Time"] = article.Time,
        };

    /// <summary>The changes to a row that is labelled.</summary>
    public static TableEntity ToLabel(TableEntity row, HumanLabel label) => new(row.PartitionKey, row.RowKey)
    {
        ["State"] = Labelled,
        ["PersonLabel"] = label.Label,
        ["LabelledAt"] = label.LabelledAt,
    };

    /// <param name="row">A row.</param>
    /// <param name="text">The article's text, which may be in a blob.</param>
    public static ReviewEntry ToEntry(TableEntity row, string text) => new(
        row.GetString("Id"),
        text,
        row.GetString("Title"),
        row.GetString("Label"),
        row.GetDouble("Score") ?? 0,
        GetProbabilities(row),
        row.GetString("ModelVersion"),
        GetTime(row) ?? default);

    public static LabelledText ToLabelledText(TableEntity row, string text) =>
        new(ArticleText.WithTitle(row.GetString("Title"), text), row.GetString("PersonLabel"));

    public static bool IsWaiting(TableEntity row) => row.GetString("State") == Waiting;

    public static DateTimeOffset? GetTime(TableEntity row) => row.GetDateTimeOffset("Time");

    public static IReadOnlyDictionary<string, double> GetProbabilities(TableEntity row) =>
        JsonSerializer.Deserialize<OrderedDictionary<string, double>>(row.GetString("Probabilities"), StorageJson.Options)!;
}

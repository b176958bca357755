using System.Text.Json;
using Azure.Data.Tables;
using Serverless.Storage;

namespace Serverless.Reviews;

/// <summary>The rows of the table <c>reviews</c>.</summary>
internal static class ReviewTable
{
    public const string Waiting = "waiting";
    public const string Labelled = "labelled";

    private const string ProbabilitiesProperty = "Probabilities";

    public static TableEntity ToRow(ReviewCandidate article)
    {
        var row = new TableEntity(article.Classifier, StorageNames.ReviewRow(Sha256Hex.HashText(article.Id), article.TextHash))
        {
            ["Id"] = article.Id,
            ["State"] = Waiting,
            ["Title"] = TableText.Shorten(article.Title),
            ["Text"] = article.Text,
            ["Blob"] = article.Blob,
            ["Label"] = TableText.Shorten(article.Label),
            ["Score"] = article.Score,
            ["ModelVersion"] = article.ModelVersion,
            ["Time"] = article.Time,
        };
        TableText.WriteLong(row, ProbabilitiesProperty, SerializeProbabilities(article.Probabilities ?? new Dictionary<string, double>()));
        return row;
    }

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
        JsonSerializer.Deserialize<OrderedDictionary<string, double>>(TableText.ReadLong(row, ProbabilitiesProperty), StorageJson.Options)!;

    /// <remarks>If a row cannot hold all labels, which are about ten thousand, the most probable ones are kept.</remarks>
    private static string SerializeProbabilities(IReadOnlyDictionary<string, double> probabilities)
    {
        var json = JsonSerializer.Serialize(probabilities, StorageJson.Options);
        return json.Length <= TableText.MaxTotalCharacters
            ? json
            : SerializeProbabilities(probabilities.OrderByDescending(label => label.Value).Take(probabilities.Count / 2).ToDictionary());
    }
}

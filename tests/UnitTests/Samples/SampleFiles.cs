using System.Text.Json;
using System.Text.Json.Serialization;
using CsvHelper;

namespace Serverless.UnitTests.Samples;

/// <summary>One hand-written article: its whole text (title first, where it has one) and the label an editor gave it.</summary>
internal sealed record SampleArticle(string Id, string Text, string Label);

/// <summary>The sample data under <c>infra/local/samples</c>, read strictly.</summary>
internal static class SampleFiles
{
    public static readonly string[] Names = ["articles.jsonl", "desk.csv", "desk-grown.csv", "desk-articles.jsonl"];

    private static readonly JsonSerializerOptions Strict = new(JsonSerializerDefaults.Web)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    /// <summary>Every article once: the grown data set holds the first one's rows.</summary>
    public static SampleArticle[] All() =>
        [.. ReadJsonLines("articles.jsonl"), .. ReadCsv("desk-grown.csv"), .. ReadJsonLines("desk-articles.jsonl")];

    public static SampleArticle[] ReadJsonLines(string name) =>
    [
        .. File.ReadLines(Repository.Sample(name))
            .Select(line => JsonSerializer.Deserialize<JsonArticle>(line, Strict)!)
            .Select(article => new SampleArticle(article.Id, $"{article.Title} {article.Text}", article.Expected)),
    ];

    public static SampleArticle[] ReadCsv(string name)
    {
        using var reader = CsvReader.FromFile(Repository.Sample(name), new CsvReaderOptions
        {
            MalformedData = CsvMalformedDataHandling.Throw,
            FieldCountMismatch = CsvFieldCountHandling.Throw,
            TrackLineNumbers = true,
        });
        Assert.Equal(["text", "label"], reader.Headers.ToArray());

        var articles = new List<SampleArticle>();
        while (reader.Read())
        {
            articles.Add(new SampleArticle($"{name}:{reader.LineNumber}", reader.GetString(0), reader.GetString(1)));
        }

        return [.. articles];
    }

    private sealed record JsonArticle(string Id, string Title, string Text, string Expected);
}

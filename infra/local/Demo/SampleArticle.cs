using System.Text.Json;
using Serverless.Articles;

namespace Serverless.Local.Demo;

/// <summary>An article of infra/local/samples with its label.</summary>
internal sealed record SampleArticle(string Id, string? Title, string Text, string Expected)
{
    private static readonly string Folder = Path.Combine(LocalFolder.Repository, "infra/local/samples");

    public string Headline => Title ?? Text;

    public static string PathOf(string file) => Path.Combine(Folder, file);

    public static IReadOnlyList<SampleArticle> Read(string file) =>
        [.. File.ReadLines(PathOf(file)).Select(line => JsonSerializer.Deserialize<SampleArticle>(line, JsonSerializerOptions.Web)!)];

    /// <summary>Creates a message whose id is new in each run, so that each demo classifies the article again.</summary>
    public ArticleMessage ToMessage(string runId, string classifier) =>
        new($"{runId}/{Id}") { Title = Title, Text = Text, Classifier = classifier, Source = "demo" };
}

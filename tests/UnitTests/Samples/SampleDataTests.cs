using System.Text;
using Serverless.Trainer.Data;

namespace Serverless.UnitTests.Samples;

/// <summary>The sample data is what the demo promises: balanced, well formed, and no two articles alike.</summary>
public sealed class SampleDataTests
{
    private static readonly string[] Desks = ["Culture", "Food", "Health", "Travel", "Weather"];

    [Fact]
    public void Thirty_articles_cover_the_four_news_topics_evenly() =>
        Assert.Equal(
            new Dictionary<string, int> { ["World"] = 8, ["Sports"] = 8, ["Business"] = 7, ["Sci/Tech"] = 7 },
            CountByLabel(SampleFiles.ReadJsonLines("articles.jsonl")));

    [Theory]
    [InlineData("desk.csv", 40)]
    [InlineData("desk-grown.csv", 60)]
    public void A_desk_data_set_holds_every_label_equally_often(string name, int articlesPerLabel) =>
        Assert.Equal(Desks.ToDictionary(desk => desk, _ => articlesPerLabel), CountByLabel(SampleFiles.ReadCsv(name)));

    [Fact]
    public void Ten_desk_articles_wait_to_be_classified_two_a_label() =>
        Assert.Equal(Desks.ToDictionary(desk => desk, _ => 2), CountByLabel(SampleFiles.ReadJsonLines("desk-articles.jsonl")));

    [Fact]
    public void The_grown_data_set_begins_with_the_first_one_byte_for_byte() =>
        Assert.StartsWith(
            File.ReadAllText(Repository.Sample("desk.csv")),
            File.ReadAllText(Repository.Sample("desk-grown.csv")),
            StringComparison.Ordinal);

    [Theory]
    [InlineData("desk.csv")]
    [InlineData("desk-grown.csv")]
    public async Task The_trainer_leaves_no_row_of_a_desk_data_set_out(string name) => Assert.Empty(
        (await DataSet.LoadAsync(Repository.Sample(name), heldOutFraction: 0.2, cancellationToken: TestContext.Current.CancellationToken)).Notes);

    [Theory]
    [InlineData("articles.jsonl")]
    [InlineData("desk-articles.jsonl")]
    public void Articles_have_ids_of_their_own_that_fit_a_blob_path(string name)
    {
        var ids = SampleFiles.ReadJsonLines(name).Select(article => article.Id).ToArray();

        Assert.Equal(ids.Length, ids.Distinct().Count());
        Assert.All(ids, id => Assert.Matches("^[a-z0-9]+(-[a-z0-9]+)*$", id));
    }

    [Fact]
    public void Every_article_is_as_long_as_a_short_news_item()
    {
        Assert.All(SampleFiles.ReadJsonLines("articles.jsonl"), article => Assert.InRange(LengthInWords(article), 30, 60));
        Assert.All(SampleFiles.ReadJsonLines("desk-articles.jsonl"), article => Assert.InRange(LengthInWords(article), 25, 60));
        Assert.All(SampleFiles.ReadCsv("desk-grown.csv"), article => Assert.InRange(LengthInWords(article), 25, 55));
    }

    [Fact]
    public void Files_are_utf8_without_a_byte_order_mark_and_end_lines_with_a_line_feed()
    {
        var strictUtf8 = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

        Assert.All(SampleFiles.Names, name =>
        {
            var text = strictUtf8.GetString(File.ReadAllBytes(Repository.Sample(name)));

            Assert.DoesNotContain('\uFEFF', text);
            Assert.DoesNotContain('\r', text);
            Assert.EndsWith("\n", text, StringComparison.Ordinal);
        });
    }

    private static Dictionary<string, int> CountByLabel(IEnumerable<SampleArticle> articles) =>
        articles.CountBy(article => article.Label).ToDictionary();

    private static int LengthInWords(SampleArticle article) =>
        article.Text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length;
}

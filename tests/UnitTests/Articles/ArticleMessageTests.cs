using Serverless.Articles;
using Serverless.Storage;

namespace Serverless.UnitTests.Articles;

public class ArticleMessageTests
{
    [Fact]
    public void A_message_with_all_fields_survives_the_round_trip()
    {
        var sent = new ArticleMessage("a/1?#") { Text = "Störche über Łódź 😀", Classifier = "news", Title = "Vögel", Source = "https://example.org" };

        Assert.True(ArticleMessage.TryParse(sent.ToJson(), out var received, out _));
        Assert.Equal(sent, received);
    }

    [Fact]
    public void Plain_text_is_an_article_whose_id_is_the_hash_of_the_text()
    {
        Assert.True(ArticleMessage.TryParse("Oil rises.", out var article, out _));

        Assert.Equal("Oil rises.", article.Text);
        Assert.Equal(Sha256Hex.HashText("Oil rises."), article.Id);
    }

    [Theory]
    [InlineData("", "no text")]
    [InlineData("  \r\n", "no text")]
    [InlineData("{", "not valid JSON")]
    [InlineData("  { \"id\": \"a\" ", "not valid JSON")]
    [InlineData("{\"text\":\"x\"}", "no 'id'")]
    [InlineData("{\"id\":\"\",\"text\":\"x\"}", "no 'id'")]
    [InlineData("{\"id\":\"a\",\"id\":\"b\",\"text\":\"x\"}", "not valid JSON")]
    public void A_body_without_a_readable_id_is_rejected_under_its_own_hash(string body, string reason)
    {
        Assert.False(ArticleMessage.TryParse(body, out _, out var rejection));

        Assert.Equal(Sha256Hex.HashText(body), rejection.Id);
        Assert.Contains(reason, rejection.Reason);
    }

    [Theory]
    [InlineData("""{"id":"a"}""", "neither 'text' nor 'blob'")]
    [InlineData("""{"id":"a","text":null}""", "neither 'text' nor 'blob'")]
    [InlineData("""{"id":"a","text":"x","blob":"b"}""", "both 'text' and 'blob'")]
    [InlineData("""{"id":"a","text":" "}""", "no text")]
    [InlineData("""{"id":"a","text":["x"]}""", "'text' must be a string")]
    [InlineData("""{"id":"a","text":"\ud800"}""", "not valid Unicode")]
    [InlineData("""{"id":"a","text":"x","classifier":"../b"}""", "'../b' is not a valid classifier name")]
    [InlineData("""{"id":"a","blob":"../models/x"}""", "not a valid name in the container")]
    [InlineData("""{"id":"a","blob":"/x"}""", "not a valid name in the container")]
    [InlineData("""{"id":"a","blob":"x/./y"}""", "not a valid name in the container")]
    [InlineData("""{"id":"a","blob":"x\\..\\y"}""", "not a valid name in the container")]
    [InlineData("""{"id":"a","blob":""}""", "not a valid name in the container")]
    public void A_body_with_a_readable_id_is_rejected_under_that_id(string body, string reason)
    {
        Assert.False(ArticleMessage.TryParse(body, out _, out var rejection));

        Assert.Equal("a", rejection.Id);
        Assert.Contains(reason, rejection.Reason);
    }

    [Fact]
    public void A_rejection_keeps_the_classifier_of_the_message()
    {
        Assert.False(ArticleMessage.TryParse("""{"id":"a","classifier":"sports","text":""}""", out _, out var rejection));

        Assert.Equal("sports", rejection.Classifier);
    }

    [Fact]
    public void A_text_of_exactly_one_megabyte_is_accepted_and_one_byte_more_is_not()
    {
        var longest = new string('a', ArticleLimits.TextBytes - 2) + "é";

        Assert.True(ArticleMessage.TryParse(longest, out _, out _));
        Assert.False(ArticleMessage.TryParse(longest + "a", out _, out var rejection));
        Assert.Contains("1 MB", rejection.Reason);
    }

    [Fact]
    public void An_id_that_is_too_long_for_a_table_is_rejected()
    {
        var body = new ArticleMessage(new string('i', ArticleLimits.IdCharacters + 1)) { Text = "x" }.ToJson();

        Assert.False(ArticleMessage.TryParse(body, out _, out var rejection));
        Assert.Equal(Sha256Hex.HashText(body), rejection.Id);
    }

    [Fact]
    public void A_byte_order_mark_before_the_brace_changes_nothing()
    {
        Assert.True(ArticleMessage.TryParse("\uFEFF{\"id\":\"a\",\"text\":\"x\"}", out var article, out _));
        Assert.Equal("a", article.Id);
    }
}

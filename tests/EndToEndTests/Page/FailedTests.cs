using Serverless.Articles;
using Serverless.Storage;
using static Microsoft.Playwright.Assertions;

namespace Serverless.EndToEndTests.Page;

[Collection(BrowserTests.Name)]
public sealed class FailedTests(BrowserFixture browser)
{
    [Fact]
    public async Task A_button_sends_failed_articles_to_the_queue_again()
    {
        var storage = browser.App.Storage;
        var article = new ArticleMessage("failed-1") { Text = "Two goals in extra time won the final for Calder Rovers." };
        await new FailedArticleStore(storage, new ArticleSender(storage, new ArticleBlobStore(storage))).WriteAsync(
            new FailedArticle(article, "news", "The process ended.", DateTimeOffset.UtcNow, DateTimeOffset.UtcNow),
            TestContext.Current.CancellationToken);
        await using var page = await browser.OpenAsync();

        await page.Button("Send 1 failed article again").ClickAsync();

        await Expect(page.Notice).ToHaveTextAsync("1 failed article is in the queue again.");
        Assert.Equal("Sports", (await browser.App.ResultAsync("failed-1")).Label);
        await Expect(page.Button("Send 1 failed article again")).ToBeHiddenAsync();
        Assert.Empty(page.Errors);
    }
}

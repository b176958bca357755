using System.Globalization;
using System.Text.Json;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Serverless.EndToEndTests.Page;

[Collection(BrowserTests.Name)]
public sealed class ArticleTests(BrowserFixture browser)
{
    private const string Sports = "Two goals in extra time won the final for Calder Rovers.";

    [Fact]
    public async Task A_pasted_article_gets_a_bar_for_each_topic()
    {
        await using var page = await browser.OpenAsync();

        var label = await page.ClassifyAsync(Sports);
        var topics = page.Prediction.GetByRole(AriaRole.Listitem);
        var texts = await topics.AllInnerTextsAsync();
        var bars = await topics.Locator(".track i").EvaluateAllAsync<double[]>("bars => bars.map(bar => bar.style.getPropertyValue('--share')).map(Number)");

        Assert.Equal("Sports", label);
        Assert.Equal(4, texts.Count);
        Assert.StartsWith("Sports", texts[0], StringComparison.Ordinal);
        Assert.Equal(bars.OrderDescending(), bars);
        Assert.Equal(1, bars.Sum(), 2);
        Assert.Contains("version starter", await page.Prediction.Locator(".facts").InnerTextAsync(), StringComparison.Ordinal);
        Assert.Empty(page.Errors);
    }

    [Fact]
    public async Task A_prediction_that_arrives_before_the_list_of_classifiers_stays()
    {
        var listed = new TaskCompletionSource();
        var tab = await browser.NewTabAsync();
        await tab.RouteAsync("**/api/models", async request =>
        {
            await listed.Task;
            await request.ContinueAsync();
        });
        await using var page = await OpenPage.OpenAsync(tab, browser.App.Http.BaseAddress!, null);

        await page.ClassifyAsync(Sports);
        listed.SetResult();
        await Expect(page.Item("Versions", "starter")).ToBeVisibleAsync();

        Assert.StartsWith("Sports", await page.Prediction.InnerTextAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Markup_in_an_article_and_its_title_is_shown_as_text()
    {
        const string Hostile = "<img src=x onerror=\"document.title='taken'\"><script>document.title='taken'</script>Rovers win the cup final";
        await using var page = await browser.OpenAsync();
        await browser.App.SendAsync(JsonSerializer.Serialize(new { id = "hostile", title = Hostile, text = Hostile }));

        await page.ClassifyAsync(Hostile);
        var row = page.Item("Recent results", "document.title");
        await Expect(row).ToBeVisibleAsync();

        Assert.Equal(Hostile, await row.Locator(".name").TextContentAsync());
        Assert.Equal(0, await page.Tab.Locator("main img, main script").CountAsync());
        Assert.Equal("Topics", await page.Tab.TitleAsync());
        Assert.Empty(page.Errors);
    }

    [Fact]
    public async Task Results_of_articles_from_the_queue_appear_without_a_reload()
    {
        await using var page = await browser.OpenAsync();
        await Expect(page.Tab.GetByRole(AriaRole.Heading, new() { Name = "Recent results" })).ToBeVisibleAsync();

        await browser.App.SendAsync(JsonSerializer.Serialize(new { id = "live-1", title = "A final to remember", text = Sports }));
        var row = page.Item("Recent results", "A final to remember");

        await Expect(row.GetByText("Sports", new() { Exact = true })).ToBeVisibleAsync();
    }

    [Fact]
    public async Task An_empty_article_and_a_problem_document_are_shown_as_text()
    {
        await using var page = await browser.OpenAsync();
        var problem = page.Tab.GetByRole(AriaRole.Alert).Filter(new() { HasText = "article" });

        await page.Button("Find the topic").ClickAsync();
        await Expect(problem.GetByText("The article is empty")).ToBeVisibleAsync();
        await page.Article.EvaluateAsync("area => { area.value = 'a'.repeat(1024 * 1024 + 1); }");
        await page.Button("Find the topic").ClickAsync();

        // The title and the detail of the problem document.
        await Expect(problem.GetByText("The request is too large")).ToBeVisibleAsync();
        await Expect(problem.GetByText((1024 * 1024).ToString("N0", CultureInfo.InvariantCulture))).ToBeVisibleAsync();
    }

    [Fact]
    public async Task The_page_can_be_used_with_the_keyboard_alone()
    {
        await using var page = await browser.OpenAsync();

        await page.Tab.Keyboard.PressAsync("Tab");
        var skip = await FocusedAsync(page);
        await page.Tab.Keyboard.PressAsync("Enter");
        await page.Tab.Keyboard.TypeAsync(Sports);
        await page.Tab.Keyboard.PressAsync("Control+Enter");
        await Expect(page.Prediction.GetByText("Sports").First).ToBeVisibleAsync();
        await page.Tab.Keyboard.PressAsync("Tab");
        var button = await FocusedAsync(page);
        var outline = await page.Tab.EvaluateAsync<string>("getComputedStyle(document.activeElement).outlineStyle");

        Assert.Equal("Skip to the article", skip);
        Assert.Equal("Find the topic", button);
        Assert.Equal("solid", outline);
    }

    private static Task<string> FocusedAsync(OpenPage page) => page.Tab.EvaluateAsync<string>("document.activeElement.textContent");
}

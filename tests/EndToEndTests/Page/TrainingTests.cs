using Microsoft.Playwright;
using Serverless.Storage;
using static Microsoft.Playwright.Assertions;

namespace Serverless.EndToEndTests.Page;

[Collection(BrowserTests.Name)]
public sealed class TrainingTests(BrowserFixture browser)
{
    private const float TrainingTimeout = 5 * 60_000; // ms

    [Fact]
    public async Task A_dropped_data_set_shows_its_training_and_then_its_version()
    {
        await using var page = await browser.OpenAsync();

        await DropAsync(page, "desk.csv", await File.ReadAllTextAsync(Repository.Sample("desk.csv"), TestContext.Current.CancellationToken));
        await page.Tab.GetByLabel("Classifier to train").FillAsync("desk");
        await page.Button("Upload and train").ClickAsync();
        var run = page.Item("Training runs", "desk");
        await Expect(run.GetByText("running", new() { Exact = true })).ToBeVisibleAsync(new() { Timeout = TrainingTimeout });
        await Expect(run.GetByRole(AriaRole.Progressbar)).ToBeVisibleAsync();
        await Expect(run.GetByText("published", new() { Exact = true })).ToBeVisibleAsync(new() { Timeout = TrainingTimeout });
        await run.GetByRole(AriaRole.Button, new() { Name = "Show desk" }).ClickAsync();
        var first = page.Item("Versions", "serving");
        await Expect(first).ToBeVisibleAsync();
        await page.ClassifyAsync("Book the two-berth compartment of the night train six weeks ahead, and pack slippers.");
        var topics = await page.Prediction.Locator(".topics li > span:first-child").AllInnerTextsAsync();

        Assert.Equal(["Culture", "Food", "Health", "Travel", "Weather"], topics.Order(StringComparer.Ordinal));
        var version = await first.GetByRole(AriaRole.Heading).InnerTextAsync();
        Assert.Contains(version, await page.Prediction.Locator(".facts").InnerTextAsync(), StringComparison.Ordinal);
        Assert.Empty(page.Errors);
    }

    [Fact]
    public async Task Another_version_is_promoted_after_a_confirmation_and_the_first_one_again()
    {
        const string Other = "twin";
        await using var page = await browser.OpenAsync();
        await browser.CopyStarterAsync(Other);
        await page.ClassifyAsync("Rovers win the cup final.");

        await PromoteAsync(page, Other, "Cancel");
        await Expect(page.Item("Versions", "starter").GetByText("serving", new() { Exact = true })).ToBeVisibleAsync();
        await PromoteAsync(page, Other, "Promote");
        await Expect(page.Item("Versions", Other).GetByText("serving", new() { Exact = true })).ToBeVisibleAsync();
        await Expect(page.Tab.GetByText($"serving version {Other}", new() { Exact = true })).ToBeVisibleAsync();
        await PromoteAsync(page, "starter", "Promote");

        await Expect(page.Tab.GetByText("serving version starter", new() { Exact = true })).ToBeVisibleAsync();
        Assert.Empty(page.Errors);
    }

    [Fact]
    public async Task A_damaged_pointer_is_reported_until_a_version_is_promoted()
    {
        await using var page = await browser.OpenAsync();
        await page.ClassifyAsync("Rovers win the cup final.");
        var damage = page.Tab.GetByText("current.json is damaged");

        await browser.App.Storage.Container(StorageNames.ModelsContainer).GetBlobClient(StorageNames.PointerBlob("news"))
            .UploadAsync(BinaryData.FromString("{"), overwrite: true, TestContext.Current.CancellationToken);
        await Expect(damage).ToBeVisibleAsync();
        await PromoteAsync(page, "starter", "Promote");
        await Expect(damage).ToBeHiddenAsync();

        Assert.Empty(page.Errors);
    }

    /// <summary>Dispatches the event of a file that is dropped on the form.</summary>
    private static async Task DropAsync(OpenPage page, string name, string content)
    {
        var transfer = await page.Tab.EvaluateHandleAsync(
            """
            ([name, content]) => {
              const transfer = new DataTransfer();
              transfer.items.add(new File([content], name, { type: 'text/csv' }));
              return transfer;
            }
            """,
            new[] { name, content });
        await page.Tab.DispatchEventAsync("#dataset-form", "drop", new { dataTransfer = transfer });
    }

    private static async Task PromoteAsync(OpenPage page, string version, string choice)
    {
        await page.Item("Versions", version).GetByRole(AriaRole.Button, new() { Name = $"Promote version {version}" }).ClickAsync();
        await page.Tab.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = choice, Exact = true }).ClickAsync();
    }
}

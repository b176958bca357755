using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Serverless.EndToEndTests.Page;

public sealed class KeyTests
{
    [Fact]
    public async Task A_wrong_key_is_reported_and_a_valid_one_is_kept_in_the_tab()
    {
        Browser.SkipIfMissing();
        await using var system = await RunningSystem.StartAsync("--keys");
        await using var browser = await Browser.LaunchAsync();
        await using var page = await OpenPage.OpenAsync(await browser.NewPageAsync(), system.Http.BaseAddress!, null);
        var dialog = page.Tab.GetByRole(AriaRole.Dialog);

        await EnterAsync(dialog, "wrong");
        await Expect(dialog.GetByText("is not valid")).ToBeVisibleAsync();
        await EnterAsync(dialog, await KeyAsync(system, "function-key"));
        var label = await page.ClassifyAsync("Rovers win the cup final after extra time.");
        await page.Tab.ReloadAsync();
        await Expect(page.Item("Versions", "starter")).ToBeVisibleAsync();

        Assert.Equal("Sports", label);
        Assert.False(await dialog.IsVisibleAsync());
        Assert.Empty(await page.Tab.Context.CookiesAsync());
        Assert.Equal("null", await page.Tab.EvaluateAsync<string>("JSON.stringify(localStorage.getItem('serverless-key'))"));
    }

    [Fact]
    public async Task An_export_asks_for_the_operator_key_if_the_page_has_the_function_key()
    {
        Browser.SkipIfMissing();
        await using var system = await RunningSystem.StartAsync("--keys");
        await using var browser = await Browser.LaunchAsync();
        await using var page = await OpenPage.OpenAsync(await browser.NewPageAsync(), system.Http.BaseAddress!, null);
        var dialog = page.Tab.GetByRole(AriaRole.Dialog);

        await EnterAsync(dialog, await KeyAsync(system, "function-key"));
        await Expect(page.Item("Versions", "starter")).ToBeVisibleAsync();
        await page.Button("Export the labels as a data set").ClickAsync();
        await Expect(dialog.GetByText("requires the operator key")).ToBeVisibleAsync();
        await EnterAsync(dialog, await KeyAsync(system, "operator-key"));

        await Expect(page.Tab.GetByText("Nothing to export")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task Without_a_key_the_page_says_so_and_the_dialog_can_be_opened_again()
    {
        Browser.SkipIfMissing();
        await using var system = await RunningSystem.StartAsync("--keys");
        await using var browser = await Browser.LaunchAsync();
        await using var page = await OpenPage.OpenAsync(await browser.NewPageAsync(), system.Http.BaseAddress!, null);
        var dialog = page.Tab.GetByRole(AriaRole.Dialog);

        await dialog.GetByRole(AriaRole.Button, new() { Name = "Not now" }).ClickAsync();
        await Expect(page.Tab.GetByText("The functions accept only requests with a key.")).ToBeVisibleAsync();
        await page.Button("Enter a key").ClickAsync();
        await Expect(dialog).ToBeVisibleAsync();
        await page.Tab.Keyboard.PressAsync("Escape");

        await Expect(dialog).ToBeHiddenAsync();
    }

    private static async Task<string> KeyAsync(RunningSystem system, string file) =>
        (await File.ReadAllTextAsync(Path.Combine(system.Folder, file), TestContext.Current.CancellationToken)).Trim();

    private static async Task EnterAsync(ILocator dialog, string key)
    {
        await dialog.GetByLabel("Key", new() { Exact = true }).FillAsync(key);
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Use this key" }).ClickAsync();
    }
}

using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Serverless.EndToEndTests.Page;

public sealed class KeyTests
{
    [Fact]
    public async Task The_page_asks_for_a_key_once_says_when_it_is_wrong_and_keeps_the_right_one_in_the_tab()
    {
        Browser.SkipWithout();
        await using var system = await RunningSystem.StartAsync("--keys");
        await using var browser = await Browser.LaunchAsync();
        await using var page = await OpenPage.OpenAsync(await browser.NewPageAsync(), system.Http.BaseAddress!, null);
        var dialog = page.Tab.GetByRole(AriaRole.Dialog);

        await GiveAsync(dialog, "wrong");
        await Expect(dialog.GetByText("is not accepted")).ToBeVisibleAsync();
        await GiveAsync(dialog, await KeyAsync(system, "function-key"));
        var label = await page.ClassifyAsync("Rovers win the cup final after extra time.");
        await page.Tab.ReloadAsync();
        await Expect(page.Item("Versions", "starter")).ToBeVisibleAsync();

        Assert.Equal("Sports", label);
        Assert.False(await dialog.IsVisibleAsync());
        Assert.Empty(await page.Tab.Context.CookiesAsync());
        Assert.Equal("null", await page.Tab.EvaluateAsync<string>("JSON.stringify(localStorage.getItem('serverless-key'))"));
    }

    [Fact]
    public async Task What_takes_the_admin_key_asks_for_it_where_the_function_key_is_not_enough()
    {
        Browser.SkipWithout();
        await using var system = await RunningSystem.StartAsync("--keys");
        await using var browser = await Browser.LaunchAsync();
        await using var page = await OpenPage.OpenAsync(await browser.NewPageAsync(), system.Http.BaseAddress!, null);
        var dialog = page.Tab.GetByRole(AriaRole.Dialog);

        await GiveAsync(dialog, await KeyAsync(system, "function-key"));
        await Expect(page.Item("Versions", "starter")).ToBeVisibleAsync();
        await page.Button("Make a data set of the labels").ClickAsync();
        await Expect(dialog.GetByText("it must be the admin key")).ToBeVisibleAsync();
        await GiveAsync(dialog, await KeyAsync(system, "admin-key"));

        await Expect(page.Tab.GetByText("There is nothing to export")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task Without_a_key_the_page_says_so_and_asks_when_the_reader_wants_something()
    {
        Browser.SkipWithout();
        await using var system = await RunningSystem.StartAsync("--keys");
        await using var browser = await Browser.LaunchAsync();
        await using var page = await OpenPage.OpenAsync(await browser.NewPageAsync(), system.Http.BaseAddress!, null);
        var dialog = page.Tab.GetByRole(AriaRole.Dialog);

        await dialog.GetByRole(AriaRole.Button, new() { Name = "Not now" }).ClickAsync();
        await Expect(page.Tab.GetByText("The functions answer only callers who show it.")).ToBeVisibleAsync();
        await page.Button("Enter a key").ClickAsync();
        await Expect(dialog).ToBeVisibleAsync();
        await page.Tab.Keyboard.PressAsync("Escape");

        await Expect(dialog).ToBeHiddenAsync();
    }

    private static async Task<string> KeyAsync(RunningSystem system, string file) =>
        (await File.ReadAllTextAsync(Path.Combine(system.Folder, file), TestContext.Current.CancellationToken)).Trim();

    private static async Task GiveAsync(ILocator dialog, string key)
    {
        await dialog.GetByLabel("Key", new() { Exact = true }).FillAsync(key);
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Use this key" }).ClickAsync();
    }
}

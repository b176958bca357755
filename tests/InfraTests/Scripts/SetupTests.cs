namespace Serverless.InfraTests.Scripts;

/// <summary>The set-up script, on a machine with fake tools.</summary>
public sealed class SetupTests
{
    private const string Setup = "infra/local/setup.sh";

    [Fact]
    public async Task Without_a_terminal_each_step_is_one_plain_line_and_a_good_build_is_silent()
    {
        using var clone = new FakeClone();

        var run = await clone.RunAsync(clone.PathOf(Setup), []);

        Assert.Equal((0, ""), (run.ExitCode, run.Output));
        Assert.Equal("[setup] Installing the storage emulator (Azurite)\n[setup] Restoring packages and building\n", run.Errors);
    }

    [Fact]
    public async Task On_a_terminal_a_spinner_is_shown_and_removed_at_the_end()
    {
        using var clone = new FakeClone();
        clone.Environment["BUILD_SECONDS"] = "1.2";

        var run = await clone.RunAsync("script", ["--quiet", "--return", "--command", clone.PathOf(Setup), "/dev/null"]);

        Assert.Equal(0, run.ExitCode);
        Assert.Contains("\r[setup] / Restoring packages and building: ", run.Output, StringComparison.Ordinal);
        Assert.Contains(" s, Shared built\e[K", run.Output, StringComparison.Ordinal);
        Assert.EndsWith("\r\e[K", run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("\n", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_failed_build_shows_its_output()
    {
        using var clone = new FakeClone();
        clone.Environment["BUILD_ERROR"] = "error CS1002: ; expected";

        var run = await clone.RunAsync(clone.PathOf(Setup), []);

        Assert.Equal(1, run.ExitCode);
        Assert.EndsWith("[setup] The build failed:\n[setup]   Shared -> /artifacts/Shared.dll\nerror CS1002: ; expected\n", run.Errors, StringComparison.Ordinal);
        Assert.False(File.Exists(clone.PathOf("artifacts/setup.stamp")));
    }

    [Fact]
    public async Task It_builds_the_project_that_is_named()
    {
        using var clone = new FakeClone();

        await clone.RunAsync(clone.PathOf(Setup), ["Serverless.sln"]);

        Assert.Equal(["Serverless.sln"], clone.Builds);
    }

    [Fact]
    public async Task A_source_that_is_saved_during_the_build_is_newer_than_its_stamp()
    {
        using var clone = new FakeClone();
        clone.Environment["BUILD_SECONDS"] = "0.5";

        var run = clone.RunAsync(clone.PathOf(Setup), []);
        await WaitForBuildAsync(clone);
        clone.Write("shared/Shared.cs", "saved");
        await run;

        Assert.True(File.GetLastWriteTimeUtc(clone.PathOf("shared/Shared.cs")) > File.GetLastWriteTimeUtc(clone.PathOf("artifacts/setup.stamp")));
    }

    [Fact]
    public async Task Two_runs_at_the_same_time_build_one_after_the_other()
    {
        using var clone = new FakeClone();
        clone.Environment["BUILD_SECONDS"] = "0.5";

        var first = clone.RunAsync(clone.PathOf(Setup), []);
        await WaitForBuildAsync(clone);
        var second = clone.RunAsync(clone.PathOf(Setup), []);

        Assert.Equal((0, 0), ((await first).ExitCode, (await second).ExitCode));
        Assert.Equal(["infra/local/Local.csproj", "infra/local/Local.csproj"], clone.Builds);
    }

    [Fact]
    public async Task All_missing_prerequisites_are_named_at_once()
    {
        using var clone = new FakeClone();
        clone.Write("tools/dotnet", "#!/bin/bash\necho '8.0.100 [/sdk]'");
        clone.Write("tools/node", "#!/bin/bash\necho v18.0.0");

        var run = await clone.RunAsync(clone.PathOf(Setup), []);

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("The .NET 10 SDK is missing", run.Errors, StringComparison.Ordinal);
        Assert.Contains("Node.js 20 or later is missing", run.Errors, StringComparison.Ordinal);
    }

    private static async Task WaitForBuildAsync(FakeClone clone)
    {
        while (clone.Builds.Count == 0)
        {
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }
    }
}

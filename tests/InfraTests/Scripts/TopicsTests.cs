using System.Text.RegularExpressions;

namespace Serverless.InfraTests.Scripts;

/// <summary>The command <c>./topics</c>.</summary>
public sealed partial class TopicsTests
{
    [Theory]
    [InlineData]
    [InlineData("help")]
    [InlineData("--help")]
    public async Task It_lists_exactly_the_commands_of_both_programs(params string[] arguments)
    {
        string[] commands = [.. await ListCommandsAsync(Repository.LocalSystem), .. await ListCommandsAsync(Repository.Trainer)];

        var list = await RunningProgram.RunToEndAsync(Repository.PathOf("topics"), arguments, TestContext.Current.CancellationToken);

        Assert.Equal(0, list.ExitCode);
        Assert.Equal(commands.Order(), ListedCommand().Matches(list.Output).Select(match => match.Groups[1].Value).Order());
    }

    [Fact]
    public async Task Every_command_goes_to_its_own_program()
    {
        using var clone = new FakeClone();
        var local = await ListCommandsAsync(Repository.LocalSystem);
        var trainer = await ListCommandsAsync(Repository.Trainer);

        foreach (var (command, program) in local.Select(each => (each, FakeClone.Local)).Concat(trainer.Select(each => (each, FakeClone.Trainer))))
        {
            var run = await clone.TopicsAsync(command, "--wait", "two words");

            Assert.Equal([clone.PathOf(""), clone.PathOf(program), command, "--wait", "two words"], Lines(run, clone));
        }
    }

    [Fact]
    public async Task An_unknown_command_is_refused_with_the_list()
    {
        using var clone = new FakeClone();

        var run = await clone.TopicsAsync("nonsense");

        Assert.Equal(2, run.ExitCode);
        Assert.Empty(run.Output);
        Assert.StartsWith("Unknown command 'nonsense'.", run.Errors, StringComparison.Ordinal);
        Assert.Contains("  upload ", run.Errors, StringComparison.Ordinal);
        Assert.Empty(clone.Builds);
    }

    [Fact]
    public async Task The_first_command_sets_up_and_the_second_only_runs()
    {
        using var clone = new FakeClone();

        await clone.TopicsAsync("runs");
        var second = await clone.TopicsAsync("runs");

        Assert.Equal(["infra/local/Local.csproj"], clone.Builds);
        Assert.Equal((0, ""), (second.ExitCode, second.Errors));
    }

    [Theory]
    [InlineData("shared/Shared.cs")]
    [InlineData("functions/New.cs")]
    [InlineData("trainer/Trainer.cs")]
    [InlineData("infra/local/Program.cs")]
    [InlineData("Directory.Packages.props")]
    [InlineData("host.json")]
    public async Task A_source_that_is_newer_than_the_last_build_is_built(string source)
    {
        using var clone = new FakeClone();
        await clone.TopicsAsync("runs");

        clone.Write(source, "changed");
        await clone.TopicsAsync("runs");
        await clone.TopicsAsync("runs");

        Assert.Equal(2, clone.Builds.Count);
    }

    [Theory]
    [InlineData("shared/Shared.cs")]
    [InlineData("artifacts/bin/Local/release/Serverless.Local.dll")]
    [InlineData("artifacts/setup.stamp")]
    public async Task A_deleted_source_or_program_is_noticed(string file)
    {
        using var clone = new FakeClone();
        await clone.TopicsAsync("runs");

        File.Delete(clone.PathOf(file));
        await clone.TopicsAsync("runs");

        Assert.Equal(2, clone.Builds.Count);
    }

    [Fact]
    public async Task Without_its_packages_the_emulator_is_installed_again()
    {
        using var clone = new FakeClone();
        await clone.TopicsAsync("runs");

        Directory.Delete(clone.PathOf("infra/local/emulator/node_modules"), recursive: true);
        await clone.TopicsAsync("runs");

        Assert.True(Directory.Exists(clone.PathOf("infra/local/emulator/node_modules")));
    }

    [Fact]
    public async Task After_a_failed_build_the_program_does_not_run_and_the_next_command_builds_again()
    {
        using var clone = new FakeClone();
        await clone.TopicsAsync("runs");
        clone.Write("shared/Shared.cs", "broken");
        clone.Environment["BUILD_ERROR"] = "error CS1002: ; expected";

        var failed = await clone.TopicsAsync("runs");
        await clone.TopicsAsync("runs");

        Assert.Equal((1, ""), (failed.ExitCode, failed.Output));
        Assert.Contains("error CS1002", failed.Errors, StringComparison.Ordinal);
        Assert.Equal(3, clone.Builds.Count);
    }

    [Fact]
    public async Task Through_a_link_and_from_any_directory_the_files_are_the_callers()
    {
        using var clone = new FakeClone();
        using var elsewhere = new TemporaryFolder();
        File.CreateSymbolicLink(elsewhere.File("topics"), clone.PathOf("topics"));

        var run = await clone.RunAsync(elsewhere.File("topics"), ["upload", "desk.csv"], elsewhere.Path);

        Assert.Equal([elsewhere.Path, clone.PathOf(FakeClone.Local), "upload", "desk.csv"], Lines(run, clone));
    }

    [Fact]
    public async Task Standard_input_and_output_are_the_programs_even_when_it_sets_up()
    {
        using var clone = new FakeClone();

        var run = await clone.RunAsync(clone.PathOf("topics"), ["send"], input: "An article.\n");

        Assert.Single(clone.Builds);
        Assert.Equal([clone.PathOf(""), clone.PathOf(FakeClone.Local), "send", "An article."], Lines(run, clone));
    }

    [Fact]
    public async Task The_former_start_script_calls_it()
    {
        using var clone = new FakeClone();
        clone.Write("infra/local/up.sh", Repository.Read("infra/local/up.sh"));

        var run = await clone.RunAsync("bash", [clone.PathOf("infra/local/up.sh"), "--demo"]);

        Assert.Equal([clone.PathOf(""), clone.PathOf(FakeClone.Local), "up", "--demo"], Lines(run, clone));
    }

    /// <summary>The lines of standard output. The first is a directory, with or without a slash at its end.</summary>
    private static string[] Lines(ProgramResult run, FakeClone clone)
    {
        Assert.True(run.ExitCode == 0, run.Errors);
        var lines = run.Output.TrimEnd('\n').Split('\n');
        return lines[0] == clone.PathOf("").TrimEnd('/') ? [clone.PathOf(""), .. lines[1..]] : lines;
    }

    private static async Task<IReadOnlyList<string>> ListCommandsAsync(string program)
    {
        var help = await RunningProgram.RunToEndAsync("dotnet", [program, "--help"], TestContext.Current.CancellationToken);
        Assert.Equal((0, ""), (help.ExitCode, help.Errors));
        var commands = help.Output[help.Output.IndexOf("\nCommands:", StringComparison.Ordinal)..];
        return [.. ListedCommand().Matches(commands).Select(match => match.Groups[1].Value)];
    }

    [GeneratedRegex(@"(?m)^  ([a-z]+) .*\S$")]
    private static partial Regex ListedCommand();
}

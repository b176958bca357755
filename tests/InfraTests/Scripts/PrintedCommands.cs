namespace Serverless.InfraTests.Scripts;

/// <summary>The commands that a script prints in a dry run, split into words by a shell.</summary>
internal sealed record PrintedCommands(IReadOnlyList<IReadOnlyList<string>> All)
{
    public static async Task<PrintedCommands> RunAsync(string script, params string[] arguments)
    {
        // A command that was run would fail.
        using var machine = new MachineWithoutAzure();
        var run = await machine.RunAsync(script, ["--dry-run", .. arguments]);
        Assert.Equal((0, ""), (run.ExitCode, run.Errors));

        var lines = run.Output.Split('\n').Where(line => line.StartsWith("+ ", StringComparison.Ordinal)).Select(line => line[2..]).ToList();
        Assert.NotEmpty(lines);
        return new PrintedCommands(await SplitAsync(lines));
    }

    public IEnumerable<IReadOnlyList<string>> Az => All.Where(command => command[0] == "az");

    /// <summary>All values of an option, in any command.</summary>
    public IEnumerable<string> Values(string option) =>
        from command in All from i in Enumerable.Range(0, command.Count - 1) where command[i] == option select command[i + 1];

    private static async Task<IReadOnlyList<IReadOnlyList<string>>> SplitAsync(IReadOnlyList<string> lines)
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllLinesAsync(
            folder.File("split.sh"),
            lines.Select(line => $"set -- {line}\nprintf '%s\\037' \"$@\"\nprintf '\\036'"),
            TestContext.Current.CancellationToken);
        var split = await RunningProgram.RunToEndAsync("bash", [folder.File("split.sh")], TestContext.Current.CancellationToken);
        Assert.Equal((0, ""), (split.ExitCode, split.Errors));
        return [.. split.Output.Split('\x1e', StringSplitOptions.RemoveEmptyEntries)
            .Select(IReadOnlyList<string> (command) => command.Split('\x1f')[..^1])];
    }
}

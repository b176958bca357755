namespace Serverless.InfraTests.Containers;

public sealed class NativeLibrariesTests
{
    private static readonly string Script = Repository.PathOf("infra/containers/native-libraries.sh");

    [Fact]
    public async Task A_machine_that_runs_the_model_passes_the_check()
    {
        var check = await RunAsync(Script, "check");

        Assert.Equal((0, ""), (check.ExitCode, check.Errors));
    }

    [Fact]
    public async Task A_libstdcxx_without_the_symbol_fails_with_one_sentence()
    {
        using var folder = new TemporaryFolder();
        var altered = await File.ReadAllTextAsync(Script, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(
            folder.File("check.sh"),
            altered.Replace("symbol=GLIBCXX_3.4.32", "symbol=GLIBCXX_9.9.99", StringComparison.Ordinal),
            TestContext.Current.CancellationToken);

        var check = await RunAsync(folder.File("check.sh"), "check");

        Assert.Equal(1, check.ExitCode);
        Assert.Contains("lacks GLIBCXX_9.9.99: use a base image with GCC 13 or later", check.Errors);
    }

    [Fact]
    public async Task Anything_else_is_refused() => Assert.Equal(2, (await RunAsync(Script, "mend")).ExitCode);

    private static Task<ProgramResult> RunAsync(string script, string what) =>
        RunningProgram.RunToEndAsync("sh", [script, what], TestContext.Current.CancellationToken);
}

namespace Serverless.InfraTests.Editors;

/// <summary>The part of .editorconfig that a build does not check: indentation, line ends and spaces.</summary>
public sealed class FormatTests
{
    [Fact]
    public async Task Every_source_file_is_formatted()
    {
        var format = await RunningProgram.RunToEndAsync(
            "dotnet", ["format", "whitespace", "--verify-no-changes", "--no-restore", Repository.PathOf("Serverless.sln")], TestContext.Current.CancellationToken);

        Assert.True(format.ExitCode == 0, format.Output + format.Errors);
    }
}

using System.Text.Json.Nodes;
using System.Xml.Linq;

namespace Serverless.InfraTests.Packages;

/// <summary>NuGet's audit for known vulnerabilities, in an ordinary build and in the workflow.</summary>
public sealed class AuditTests
{
    /// <summary>Data that cannot be read; a vulnerability of low, moderate, high and critical severity; a source without data.</summary>
    private static readonly string[] Findings = ["NU1900", "NU1901", "NU1902", "NU1903", "NU1904", "NU1905"];

    [Theory]
    [InlineData("shared/Shared.csproj")]
    [InlineData("functions/Functions.csproj")]
    [InlineData("tests/UnitTests/UnitTests.csproj")]
    public async Task In_an_ordinary_build_all_packages_are_audited_and_findings_are_warnings(string project)
    {
        var build = await EvaluateAsync(project);

        Assert.Equal(("true", "all", "low"), (build("NuGetAudit"), build("NuGetAuditMode"), build("NuGetAuditLevel")));
        Assert.Empty(Findings.Except(build("WarningsNotAsErrors").Split(';')));
        Assert.Empty(build("RestoreConfigFile"));
    }

    [Fact]
    public async Task In_the_workflow_findings_are_errors_and_so_is_a_source_without_data()
    {
        var audit = await EvaluateAsync("shared/Shared.csproj", "-p:AuditPackages=true");

        Assert.Equal("true", audit("TreatWarningsAsErrors"));
        Assert.Empty(audit("WarningsNotAsErrors").Split(';').Intersect(Findings));
        // Only an audit source without data is reported; a package source without data causes no warning.
        Assert.Single(XDocument.Load(audit("RestoreConfigFile")).Descendants("auditSources").Elements("add"));
    }

    private static async Task<Func<string, string>> EvaluateAsync(string project, params string[] options)
    {
        const string properties = "TreatWarningsAsErrors,WarningsNotAsErrors,NuGetAudit,NuGetAuditMode,NuGetAuditLevel,RestoreConfigFile";
        var run = await RunningProgram.RunToEndAsync(
            "dotnet", ["msbuild", Repository.PathOf(project), $"-getProperty:{properties}", .. options], TestContext.Current.CancellationToken);
        Assert.True(run.ExitCode == 0, run.Output + run.Errors);
        var values = JsonNode.Parse(run.Output)!["Properties"]!;
        return name => (string)values[name]!;
    }
}

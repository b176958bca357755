using System.Text.RegularExpressions;

namespace Serverless.InfraTests.Bicep;

public sealed partial class TemplateTests
{
    [Fact]
    public async Task Every_file_compiles_and_lints_without_a_warning()
    {
        var build = await BicepAsync("build", Repository.PathOf("infra/azure/main.bicep"), "--stdout");
        var lint = await BicepAsync("lint", "--pattern", Repository.PathOf("infra/azure/**/*.bicep"));

        Assert.Equal((0, ""), (build.ExitCode, build.Errors));
        Assert.Equal((0, "", ""), (lint.ExitCode, lint.Errors, lint.Output));
        Assert.Contains("https://schema.management.azure.com/schemas/", build.Output);
    }

    [Fact]
    public void Every_module_is_part_of_the_template()
    {
        var main = Repository.Read("infra/azure/main.bicep");

        Assert.All(
            Directory.EnumerateFiles(Repository.PathOf("infra/azure/modules"), "*.bicep").Select(Path.GetFileName),
            module => Assert.Contains($"'modules/{module}'", main));
    }

    [Fact]
    public async Task A_warning_would_be_seen()
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder.File("a.bicep"), "param neverUsed string\n", TestContext.Current.CancellationToken);
        File.Copy(Repository.PathOf("infra/azure/bicepconfig.json"), folder.File("bicepconfig.json"));

        var lint = await BicepAsync("lint", folder.File("a.bicep"));

        Assert.NotEqual(0, lint.ExitCode);
        Assert.Contains("no-unused-params", lint.Errors + lint.Output);
    }

    [Fact]
    public async Task Every_file_is_formatted()
    {
        using var folder = new TemporaryFolder();
        Deployment.Copy(Repository.PathOf("infra/azure"), folder.Path);

        var format = await BicepAsync("format", "--pattern", folder.File("**/*.bicep"));

        Assert.Equal((0, ""), (format.ExitCode, format.Errors));
        Assert.All(
            Directory.EnumerateFiles(folder.Path, "*.bicep", SearchOption.AllDirectories),
            file => Assert.Equal(File.ReadAllText(file), Repository.Read($"infra/azure/{Path.GetRelativePath(folder.Path, file)}")));
    }

    [Fact]
    public async Task The_parameter_file_works_as_it_is_from_the_first_pass_to_the_last()
    {
        using var folder = new TemporaryFolder();
        Deployment.Copy(Repository.PathOf("infra/azure"), folder.Path);
        Dictionary<string, string> pass = [];
        List<Deployment> passes = [];

        passes.Add(await Deployment.SnapshotAsync(folder.File("main.bicepparam"), pass, TestContext.Current.CancellationToken));
        pass["SERVERLESS_IMAGE_TAG"] = "7";
        pass["SERVERLESS_FUNCTION_KEY"] = pass["SERVERLESS_OPERATOR_KEY"] = pass["SERVERLESS_ADMIN_KEY"] = pass["SERVERLESS_EVENT_KEY"] = "key";
        pass["SERVERLESS_SUBSCRIBE"] = "true";
        passes.Add(await Deployment.SnapshotAsync(folder.File("main.bicepparam"), pass, TestContext.Current.CancellationToken));

        Assert.Equal([0, 1], passes.Select(each => each.All("Microsoft.App/containerApps").Count));
        Assert.Equal([0, 1], passes.Select(each => each.All("Microsoft.App/jobs").Count));
        Assert.Equal([0, 1], passes.Select(each => each.All("Microsoft.EventGrid/systemTopics/eventSubscriptions").Count));
    }

    [Fact]
    public async Task Nothing_in_the_compiled_template_asks_for_a_key()
    {
        var template = (await BicepAsync("build", Repository.PathOf("infra/azure/main.bicep"), "--stdout")).Output;

        Assert.DoesNotMatch(KeyAccess(), template);
        Assert.All(["functionKey", "operatorKey", "adminKey", "eventKey"], secret => Assert.Contains($"\"{secret}\": {{\n      \"type\": \"securestring\"", template));
    }

    [Fact]
    public void No_parameter_that_holds_a_secret_has_a_value_in_the_repository()
    {
        var parameters = Repository.Read("infra/azure/main.bicepparam");

        foreach (var secret in new[] { "functionKey", "operatorKey", "adminKey", "eventKey" })
        {
            Assert.Matches($@"param {secret} = readEnvironmentVariable\('SERVERLESS_[A-Z_]+', ''\)", parameters);
        }
    }

    private static Task<ProgramResult> BicepAsync(params string[] arguments) =>
        RunningProgram.RunToEndAsync(BicepCompiler.Program, arguments, TestContext.Current.CancellationToken);

    [GeneratedRegex(@"listKeys|listCredentials|AccountKey=|SharedAccessKey|listAccountSas|listServiceSas|primarySharedKey|adminUserEnabled"": true", RegexOptions.IgnoreCase)]
    private static partial Regex KeyAccess();
}

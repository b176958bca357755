using System.Text.Json.Nodes;

[assembly: AssemblyFixture(typeof(Serverless.InfraTests.DefaultDeployment))]
[assembly: AssemblyFixture(typeof(Serverless.InfraTests.OtherDeployment))]

namespace Serverless.InfraTests;

/// <summary>
/// The resources that a deployment of main.bicep would create. <c>bicep snapshot</c> evaluates all modules, loops and conditions, and
/// leaves as expressions only what Azure assigns (ids and addresses of new resources).
/// </summary>
public sealed record Deployment(IReadOnlyList<JsonObject> Resources)
{
    public const string Subscription = "00000000-0000-0000-0000-000000000000";
    public const string Deployer = "11111111-1111-1111-1111-111111111111";

    /// <param name="parameters">Bicep expressions that replace or extend the parameters of the third pass of deploy.sh.</param>
    public static async Task<Deployment> PredictAsync(IReadOnlyDictionary<string, string> parameters, CancellationToken cancellationToken)
    {
        var all = new Dictionary<string, string>
        {
            ["name"] = "'articles'",
            ["location"] = "'swedencentral'",
            ["imageTag"] = "'1'",
            ["functionKey"] = "'function-key'",
            ["operatorKey"] = "'operator-key'",
            ["adminKey"] = "'admin-key'",
            ["eventKey"] = "'event-key'",
            ["deployerObjectId"] = $"'{Deployer}'",
            ["subscribeToDatasets"] = "true",
        };
        foreach (var (name, value) in parameters)
        {
            all[name] = value;
        }

        using var folder = new TemporaryFolder();
        Copy(Repository.PathOf("infra/azure"), folder.Path);
        await File.WriteAllLinesAsync(
            folder.File("test.bicepparam"),
            all.Select(each => $"param {each.Key} = {each.Value}").Prepend("using './main.bicep'"),
            cancellationToken);
        return await SnapshotAsync(folder.File("test.bicepparam"), new Dictionary<string, string>(), cancellationToken);
    }

    /// <summary>The same for a parameter file in a folder that can be written.</summary>
    public static async Task<Deployment> SnapshotAsync(string file, IReadOnlyDictionary<string, string> environment, CancellationToken cancellationToken)
    {
        var run = await RunningProgram.RunToEndAsync(
            BicepCompiler.Program,
            ["snapshot", file, "--mode", "Overwrite", "--subscription-id", Subscription, "--resource-group", "rg-test", "--location", "swedencentral"],
            cancellationToken,
            environment: environment);
        Assert.True(run.ExitCode == 0, run.Errors);
        Assert.Empty(run.Errors);

        var snapshot = JsonNode.Parse(await File.ReadAllTextAsync(Path.ChangeExtension(file, ".snapshot.json"), cancellationToken))!;
        Assert.Empty(snapshot["diagnostics"]!.AsArray());
        return new Deployment([.. snapshot["predictedResources"]!.AsArray().Select(each => each!.AsObject())]);
    }

    public static void Copy(string from, string to)
    {
        foreach (var file in Directory.EnumerateFiles(from, "*.bicep*", SearchOption.AllDirectories).Append(Path.Combine(from, "bicepconfig.json")))
        {
            var target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target, overwrite: true);
        }
    }

    public IReadOnlyList<JsonObject> All(string type) => [.. Resources.Where(each => (string)each["type"]! == type)];

    public JsonObject The(string type) => Assert.Single(All(type));

    /// <summary>The last segments of the names of all resources of a type.</summary>
    public IEnumerable<string> Names(string type) => All(type).Select(each => ((string)each["name"]!).Split('/')[^1]);

    /// <summary>The environment of the only container of an app or a job.</summary>
    public IReadOnlyDictionary<string, string> Settings(string type) =>
        Assert.Single(The(type)["properties"]!["template"]!["containers"]!.AsArray())!["env"]!.AsArray()
            .ToDictionary(each => (string)each!["name"]!, each => (string)each!["value"]!);
}

/// <summary>The deployment with default parameters, evaluated once for all tests.</summary>
public sealed class DefaultDeployment : IAsyncLifetime
{
    public Deployment Deployment { get; private set; } = null!;

    public async ValueTask InitializeAsync() =>
        Deployment = await Deployment.PredictAsync(new Dictionary<string, string>(), TestContext.Current.CancellationToken);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}

/// <summary>The deployment with all parameters changed, evaluated once for all tests.</summary>
public sealed class OtherDeployment : IAsyncLifetime
{
    public const string DeployerAddress = "203.0.113.7";

    public Deployment Deployment { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Deployment = await Deployment.PredictAsync(
        new Dictionary<string, string>
        {
            ["name"] = "'Longname'",
            ["privateNetworking"] = "true",
            ["deployerIpAddress"] = $"'{DeployerAddress}'",
            ["deployerObjectId"] = "''",
            ["functionAppKind"] = "true",
            ["functionsProfile"] = "'D4'",
            ["functionsCpu"] = "1",
            ["reviewThresholds"] = "{ desk: '0.8' }",
            ["trainOn"] = "'cpu'",
            ["alertEmail"] = "'people@example.org'",
        },
        TestContext.Current.CancellationToken);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}

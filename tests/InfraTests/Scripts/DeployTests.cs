using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Serverless.Storage;

namespace Serverless.InfraTests.Scripts;

public sealed partial class DeployTests(DefaultDeployment fixture)
{
    private const string Deploy = "infra/azure/deploy.sh";
    private const string Teardown = "infra/azure/teardown.sh";

    private readonly Deployment deployment = fixture.Deployment;

    [Theory]
    [InlineData(Deploy)]
    [InlineData(Teardown)]
    [InlineData("infra/azure/steps.sh")]
    public async Task A_script_parses(string script)
    {
        var parse = await RunningProgram.RunToEndAsync("bash", ["-n", Repository.PathOf(script)], TestContext.Current.CancellationToken);

        Assert.Equal((0, ""), (parse.ExitCode, parse.Errors));
    }

    [Fact]
    public async Task The_steps_come_in_the_order_that_each_needs_the_one_before()
    {
        var commands = await PrintedCommands.RunAsync(Deploy);
        string[] steps =
        [
            "az group create", "az deployment group what-if", "az deployment group create", "az acr build", "az acr build",
            "az storage blob upload-batch", "az storage blob upload", "az deployment group what-if", "az deployment group create", "curl --fail",
            "az deployment group what-if", "az deployment group create", "az storage blob upload", "az storage message put", "az storage blob download",
        ];

        Assert.Equal(steps, commands.All.Select(Verb).Where(verb => steps.Contains(verb)));
    }

    [Theory]
    [InlineData(Deploy)]
    [InlineData(Teardown)]
    [InlineData(Teardown, "--keep-data")]
    public async Task Every_printed_az_command_is_well_formed(string script, params string[] arguments)
    {
        foreach (var command in (await PrintedCommands.RunAsync(script, arguments)).Az)
        {
            var words = command.TakeWhile(word => !word.StartsWith('-')).ToList();
            Assert.All(words, word => Assert.Matches("^[a-z-]+$", word));
            Assert.InRange(words.Count, 3, 5);
            Assert.All(command.Where(word => word.StartsWith('-')), option => Assert.Matches("^--[a-z-]+$", option));
            Assert.DoesNotContain("", command);
            if (command[1] == "storage")
            {
                Assert.Equal("login", command[command.ToList().IndexOf("--auth-mode") + 1]);
            }
        }
    }

    [Fact]
    public async Task Every_container_queue_image_and_secret_that_it_names_is_in_the_Bicep()
    {
        var commands = await PrintedCommands.RunAsync(Deploy);
        var app = deployment.The("Microsoft.App/containerApps")["properties"]!;
        var images = deployment.Resources.Where(each => ((string)each["type"]!).StartsWith("Microsoft.App/", StringComparison.Ordinal))
            .Select(each => ImageName().Match(each.ToJsonString()).Groups[1].Value).Where(name => name.Length > 0);

        Assert.Superset(
            commands.Values("--container-name").Concat(commands.Values("--destination")).ToHashSet(),
            deployment.Names("Microsoft.Storage/storageAccounts/blobServices/containers").ToHashSet());
        Assert.Superset(
            commands.Values("--queue-name").ToHashSet(),
            deployment.Names("Microsoft.Storage/storageAccounts/queueServices/queues").ToHashSet());
        Assert.Equal(
            app["configuration"]!["secrets"]!.AsArray().Select(each => (string)each!["name"]!).Order(),
            commands.Values("--query").SelectMany(query => SecretName().Matches(query)).Select(match => match.Groups[1].Value).Order());
        Assert.Equal(images.Order(), commands.Values("--image").Select(image => image.Split(':')[0]).Order());
    }

    [Theory]
    [InlineData(Deploy)]
    [InlineData(Teardown, "--keep-data")]
    public async Task Every_output_that_it_reads_exists(string script, params string[] arguments)
    {
        var outputs = Output().Matches(Repository.Read("infra/azure/main.bicep")).Select(match => match.Groups[1].Value).ToHashSet();
        var commands = await PrintedCommands.RunAsync(script, arguments);
        var asked = commands.All.SelectMany(command => command).SelectMany(word => AskedOutput().Matches(word)).Select(match => match.Groups[1].Value).ToHashSet();

        Assert.NotEmpty(asked);
        Assert.Subset(outputs, asked);
    }

    [Fact]
    public void Script_and_parameter_file_agree_on_the_environment()
    {
        var set = Setting().Matches(Repository.Read(Deploy)).Select(match => match.Value).ToHashSet();
        var read = Setting().Matches(Repository.Read("infra/azure/main.bicepparam")).Select(match => match.Value).ToHashSet();
        var described = Setting().Matches(Repository.Read("infra/azure/README.md")).Select(match => match.Value).ToHashSet();

        Assert.Subset(read, set);
        Assert.Equal(read.Order(), set.Union(described).Order());
    }

    [Fact]
    public async Task Every_file_that_it_names_is_in_the_repository()
    {
        var commands = await PrintedCommands.RunAsync(Deploy);
        var files = commands.Values("--file").Concat(commands.Values("--parameters")).Where(file => file != "/dev/stdout");

        Assert.All(files, file => Assert.True(File.Exists(Repository.PathOf(file)), file));
    }

    [Fact]
    public async Task The_first_article_is_valid_and_its_result_is_read_from_the_right_blob()
    {
        var commands = await PrintedCommands.RunAsync(Deploy, "--classifier", "desk");
        var body = Encoding.UTF8.GetString(Convert.FromBase64String(Assert.Single(commands.Values("--content"))));
        var id = (string)JsonNode.Parse(body)!["id"]!;
        var hash = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(id)));
        var download = commands.All.Single(command => Verb(command) == "az storage blob download");

        Assert.Matches("^first-article-[0-9]+$", id); // each run has its own id
        Assert.Equal("desk", (string)JsonNode.Parse(body)!["classifier"]!);
        Assert.Contains(StorageNames.ResultBlob("desk", hash), download);
        Assert.Contains($"{StorageNames.PointerBlob("desk")}", commands.Values("--prefix"));
        Assert.Contains(StorageNames.BaseFolder("serverless/starter").TrimEnd('/'), commands.Values("--destination-path"));
    }

    [Fact]
    public async Task No_key_is_printed_or_passed_on_a_command_line()
    {
        using var machine = new MachineWithoutAzure();
        var run = await machine.RunAsync(Deploy, "--dry-run");

        Assert.DoesNotContain("account-key", run.Output);
        Assert.DoesNotContain("connection-string", run.Output);
        // The placeholder of the keys in a dry run. Keys are passed to main.bicepparam as environment variables.
        Assert.DoesNotContain("the key host-", run.Output);
    }

    [Theory]
    [InlineData("serverless/starter", true)]
    [InlineData("owner/llama", false)]
    public async Task The_starter_version_is_waited_for_if_its_base_is_deployed(string baseModel, bool isWaitedFor)
    {
        var commands = await PrintedCommands.RunAsync(Deploy, "--base-model", baseModel);

        Assert.Equal(isWaitedFor, commands.Values("--prefix").Contains(StorageNames.PointerBlob("news")));
    }

    [Theory]
    [InlineData("gpu", "CUDA=true")]
    [InlineData("cpu", "CUDA=false")]
    public async Task The_trainer_image_fits_where_it_trains(string where, string argument)
    {
        var commands = await PrintedCommands.RunAsync(Deploy, "--train-on", where);

        Assert.Equal(argument, Assert.Single(commands.Values("--build-arg")));
    }

    [Theory]
    [InlineData(Deploy, "--nonsense")]
    [InlineData(Deploy, "--location")]
    [InlineData(Teardown, "--nonsense")]
    public async Task A_wrong_argument_is_refused_before_anything_happens(string script, string argument)
    {
        using var machine = new MachineWithoutAzure();
        var run = await machine.RunAsync(script, "--dry-run", argument);

        Assert.Equal(1, run.ExitCode);
        Assert.Contains(argument, run.Errors);
        Assert.DoesNotContain("+ az", run.Output);
    }

    [Theory]
    [InlineData(Deploy)]
    [InlineData(Teardown)]
    public async Task Without_the_Azure_CLI_it_says_so_in_one_sentence(string script)
    {
        using var machine = new MachineWithoutAzure();
        var run = await machine.RunAsync(
            script, script == Deploy ? ["--base-folder", "infra/azure", "--dataset", "global.json"] : ["--yes"]);

        Assert.Equal(1, run.ExitCode);
        Assert.StartsWith("The Azure CLI is not installed", run.Errors);
    }

    [Fact]
    public async Task Teardown_deletes_the_group_or_only_what_costs_money()
    {
        var everything = await PrintedCommands.RunAsync(Teardown);
        var programs = await PrintedCommands.RunAsync(Teardown, "--keep-data");

        Assert.Equal(["az group delete"], everything.All.Select(Verb));
        Assert.Equal(
            ["az eventgrid system-topic", "az containerapp job delete", "az containerapp delete", "az containerapp env delete"],
            programs.All.Select(Verb).Where(verb => !verb.StartsWith("az deployment", StringComparison.Ordinal)));
        Assert.DoesNotContain(programs.All, command => command.Contains("storage"));
    }

    private static string Verb(IReadOnlyList<string> command) => command[0] == "az"
        ? string.Join(' ', command.TakeWhile(word => !word.StartsWith('-')).Take(command[1] == "eventgrid" ? 3 : 5))
        : string.Join(' ', command.Take(2));

    [GeneratedRegex(@"/([a-z]+):\{")]
    private static partial Regex ImageName();

    [GeneratedRegex(@"(?m)^output (\w+) ")]
    private static partial Regex Output();

    [GeneratedRegex(@"^\[\?name=='([\w-]+)'\]\.value$")]
    private static partial Regex SecretName();

    [GeneratedRegex(@"\boutputs\.(\w+)")]
    private static partial Regex AskedOutput();

    [GeneratedRegex("SERVERLESS_[A-Z_]+")]
    private static partial Regex Setting();
}

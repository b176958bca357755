using System.Text;
using Serverless.Trainer.Commands;
using Serverless.Trainer.Hub;
using Serverless.UnitTests.Llama;
using Serverless.UnitTests.Llama.Tokenizer;

namespace Serverless.UnitTests.Trainer.Hub;

public sealed class DownloadTests : IDisposable
{
    private static readonly HubRepository Model = new(IsDataSet: false, "owner/model", "main");
    private static readonly HubRepository Data = new(IsDataSet: true, "owner/data", "main");
    private static readonly byte[] Weights = Bytes(300_000);

    private readonly TemporaryFolder folder = new();
    private readonly StringWriter log = new();

    public void Dispose()
    {
        log.Dispose();
        folder.Dispose();
    }

    [Fact]
    public async Task A_model_comes_with_the_files_that_are_needed_and_no_others()
    {
        await using var server = await ServerAsync();

        await DownloadAsync(server, Model);

        Assert.Equal(["config.json", "model-00001-of-00002.safetensors", "model.safetensors.index.json", "tokenizer.json", "training.json"], Downloaded());
        Assert.Equal(Weights, File.ReadAllBytes(Path.Combine(folder.Path, "model-00001-of-00002.safetensors")));
        Assert.Contains($"owner/model at {HubServer.Commit}: 4 of 7 files", log.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_data_set_comes_as_its_parquet_files_in_their_folders()
    {
        await using var server = await HubServer.StartAsync();
        server.Files["README.md"] = Bytes(10);
        server.Files["data/train-00000-of-00001.parquet"] = Bytes(5000);
        server.Files["data/test-00000-of-00001.parquet"] = Bytes(600);
        server.Files["raw/train.csv"] = Bytes(700);

        await DownloadAsync(server, Data);

        Assert.Equal(["data/test-00000-of-00001.parquet", "data/train-00000-of-00001.parquet"], Downloaded());
    }

    [Fact]
    public async Task A_cut_connection_is_continued_where_it_broke()
    {
        await using var server = await ServerAsync();
        foreach (var _ in Enumerable.Range(0, 3)) // config.json, then the weights
        {
            server.Cuts.Enqueue(100_000);
        }

        await DownloadAsync(server, Model);

        var continued = server.Served.Where(request => request.StartsWith("model-", StringComparison.Ordinal)).ToArray();
        Assert.Equal("model-00001-of-00002.safetensors from 0", continued[0]);
        Assert.All(continued.Skip(1), request => Assert.DoesNotMatch("from 0$", request));
        Assert.Equal(Weights, File.ReadAllBytes(Path.Combine(folder.Path, "model-00001-of-00002.safetensors")));
    }

    [Fact]
    public async Task Attempts_that_make_progress_do_not_count_as_retries()
    {
        await using var server = await ServerAsync();
        foreach (var _ in Enumerable.Range(0, 20))
        {
            server.Cuts.Enqueue(12_000);
        }

        await DownloadAsync(server, Model, attempts: 3);

        Assert.Equal(Weights, File.ReadAllBytes(Path.Combine(folder.Path, "model-00001-of-00002.safetensors")));
    }

    [Fact]
    public async Task A_hub_that_stays_away_is_given_up_in_words()
    {
        var server = await ServerAsync();
        await server.DisposeAsync();

        var fault = await Assert.ThrowsAsync<HubException>(() => DownloadAsync(server, Model, attempts: 1));

        Assert.Contains($"{server.Address.Authority} cannot be reached", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_later_run_goes_on_with_what_an_earlier_one_left()
    {
        await using var server = await ServerAsync();
        var id = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(Weights))[..12];
        folder.File($"model-00001-of-00002.safetensors.{id}.partial", Weights[..200_000]);

        await DownloadAsync(server, Model);

        Assert.Contains("model-00001-of-00002.safetensors from 200000", server.Served);
        Assert.Equal(Weights, File.ReadAllBytes(Path.Combine(folder.Path, "model-00001-of-00002.safetensors")));
        Assert.DoesNotContain(Downloaded(), file => file.EndsWith(".partial", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_server_that_knows_no_ranges_is_read_from_the_beginning()
    {
        await using var server = Filled(await HubServer.StartAsync(() => HubServer.New(knowsNoRange: true)));
        server.Cuts.Enqueue(1_000_000);
        server.Cuts.Enqueue(100_000);

        await DownloadAsync(server, Model);

        Assert.Equal(Weights, File.ReadAllBytes(Path.Combine(folder.Path, "model-00001-of-00002.safetensors")));
    }

    [Theory]
    [InlineData("model-00001-of-00002.safetensors", "SHA-256")]
    [InlineData("tokenizer.json", "git id")]
    public async Task Wrong_bytes_are_not_taken_for_the_file(string file, string kind)
    {
        await using var server = await ServerAsync();
        var wrong = server.Files[file].ToArray();
        wrong[^1] ^= 1;
        server.Wrong[file] = wrong;

        var fault = await Assert.ThrowsAsync<HubException>(() => DownloadAsync(server, Model));

        Assert.Contains($"{file} was damaged in transit: its {kind} is", fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(Downloaded(), name => name.StartsWith(file, StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_is_there_already_is_checked_and_not_downloaded_again()
    {
        await using var server = await ServerAsync();
        await DownloadAsync(server, Model);
        File.WriteAllBytes(Path.Combine(folder.Path, "config.json"), [1, 2, 3]);
        var before = server.Served.Count;

        await DownloadAsync(server, Model);

        Assert.Equal(["config.json from 0"], server.Served.Skip(before));
        Assert.Equal(server.Files["config.json"], File.ReadAllBytes(Path.Combine(folder.Path, "config.json")));
    }

    [Fact]
    public async Task Throttling_and_a_server_in_trouble_are_waited_for()
    {
        await using var server = await ServerAsync();
        server.Troubles.Enqueue((429, "0"));
        server.Troubles.Enqueue((503, null));
        server.Troubles.Enqueue((500, null));

        await DownloadAsync(server, Model);

        Assert.Equal(5, Downloaded().Length);
    }

    [Fact]
    public async Task The_token_goes_to_the_hub_and_not_to_its_storage()
    {
        await using var server = Filled(await HubServer.StartAsync(() => HubServer.New(token: "secret")));

        await DownloadAsync(server, Model, token: "secret");

        Assert.Contains("config.json from 0 with the token", server.Served); // the same host
        Assert.Contains("model-00001-of-00002.safetensors from 0", server.Served); // another one
    }

    [Theory]
    [InlineData(null, "then set the environment variable HF_TOKEN to a token of that account")]
    [InlineData("another", "with the account whose token is in HF_TOKEN")]
    public async Task A_gated_model_says_where_to_accept_its_terms(string? token, string advice)
    {
        await using var server = Filled(await HubServer.StartAsync(() => HubServer.New(token: "secret")));

        var fault = await Assert.ThrowsAsync<HubException>(() => DownloadAsync(server, Model, token: token));

        Assert.Contains($"accept its terms at {server.Address}owner/model", fault.Message, StringComparison.Ordinal);
        Assert.Contains(advice, fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nobody/nothing", "main", "There is no public model nobody/nothing")]
    [InlineData("owner/model", "v2", "has no revision 'v2'")]
    public async Task What_does_not_exist_is_told_in_words(string name, string revision, string words)
    {
        await using var server = await ServerAsync();

        var fault = await Assert.ThrowsAsync<HubException>(() => DownloadAsync(server, new HubRepository(false, name, revision)));

        Assert.Contains(words, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_model_of_pickles_is_refused()
    {
        await using var server = await HubServer.StartAsync();
        server.Files["config.json"] = Bytes(10);
        server.Files["pytorch_model.bin"] = Bytes(10);

        var fault = await Assert.ThrowsAsync<HubException>(() => DownloadAsync(server, Model));

        Assert.Contains("no tokenizer.json, no *.safetensors (pickles are never read)", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_listing_that_leads_out_of_the_folder_is_refused()
    {
        await using var server = await HubServer.StartAsync();
        server.Files["../../evil.parquet"] = Bytes(10);

        var fault = await Assert.ThrowsAsync<HubException>(() => DownloadAsync(server, Data));

        Assert.Contains("is outside the repository", fault.Message, StringComparison.Ordinal);
        Assert.Empty(Downloaded());
    }

    [Fact]
    public async Task An_address_that_is_no_hub_is_told()
    {
        await using var server = await HubServer.StartAsync();
        server.Troubles.Enqueue((200, null));

        var fault = await Assert.ThrowsAsync<HubException>(() => DownloadAsync(server, Model));

        Assert.Contains("check --endpoint (or HF_ENDPOINT).", fault.Message, StringComparison.Ordinal);
    }

    private static async Task<HubServer> ServerAsync() => Filled(await HubServer.StartAsync());

    private static HubServer Filled(HubServer server)
    {
        server.Files["config.json"] = Encoding.UTF8.GetBytes(ToyFamily.ConfigJson("qwen3", vocabulary: 301));
        server.Files["tokenizer.json"] = Encoding.UTF8.GetBytes(ToyTokenizer.Json);
        server.Files["model.safetensors.index.json"] = Bytes(400);
        server.Files["model-00001-of-00002.safetensors"] = Weights;
        server.Files["pytorch_model.bin"] = Bytes(300);
        server.Files["original/consolidated.safetensors"] = Bytes(300);
        server.Files["README.md"] = Bytes(30);
        return server;
    }

    private async Task DownloadAsync(HubServer server, HubRepository repository, string? token = null, int attempts = 4)
    {
        using var http = HubClient.CreateHttpClient();
        var retry = new HubRetry(attempts, TimeSpan.FromMilliseconds(1), TimeSpan.FromSeconds(30), TimeProvider.System);
        await DownloadCommand.DownloadAsync(new HubClient(http, server.Address, token), retry, repository, null, folder.Path, log, TestContext.Current.CancellationToken);
    }

    private string[] Downloaded() =>
        [.. Directory.GetFiles(folder.Path, "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(folder.Path, file)).Order(StringComparer.Ordinal)];

    private static byte[] Bytes(int count)
    {
        var bytes = new byte[count];
        new Random(count).NextBytes(bytes);
        return bytes;
    }
}

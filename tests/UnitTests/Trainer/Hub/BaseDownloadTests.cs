using System.Text;
using Serverless.Trainer.Commands;
using Serverless.Trainer.Hub;
using Serverless.Trainer.Training;
using Serverless.UnitTests.Llama;
using Serverless.UnitTests.Llama.Tokenizer;

namespace Serverless.UnitTests.Trainer.Hub;

/// <summary>A base model of each family comes with its settings; one that is not supported is refused before its weights come.</summary>
public sealed class BaseDownloadTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly StringWriter log = new();

    public void Dispose()
    {
        log.Dispose();
        folder.Dispose();
    }

    [Theory]
    [InlineData("llama", "meta-llama/Llama-3.2-1B-Instruct", "llama", 5e-5)]
    [InlineData("smollm2", "HuggingFaceTB/SmolLM2-135M", "smollm2", 3e-4)]
    [InlineData("mistral", "mistralai/Mistral-7B-v0.3", "mistral", 5e-5)]
    [InlineData("qwen2", "Qwen/Qwen2.5-0.5B", "qwen2", 1e-4)]
    [InlineData("qwen3", "Qwen/Qwen3-0.6B", "qwen3", 1e-4)]
    public async Task A_base_comes_with_the_settings_of_its_family(string family, string name, string recipe, double learningRate)
    {
        await using var server = await ServerAsync(name, ToyFamily.ConfigJson(family, vocabulary: 301));

        await DownloadAsync(server, name);

        Assert.Equal(["config.json", "model.safetensors", "tokenizer.json", "training.json"], Downloaded());
        Assert.Equal(learningRate, TrainOptionsLoader.Load(folder.Path).LearningRate);
        Assert.Contains($"training.json: the settings for {recipe}", log.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Settings_that_a_folder_has_are_kept()
    {
        await using var server = await ServerAsync("Qwen/Qwen3-0.6B", ToyFamily.ConfigJson("qwen3", vocabulary: 301));
        folder.File("training.json", """{"learning_rate": 0.5}""");

        await DownloadAsync(server, "Qwen/Qwen3-0.6B");

        Assert.Equal(0.5, TrainOptionsLoader.Load(folder.Path).LearningRate);
    }

    [Fact]
    public void The_settings_for_Llama_are_the_defaults_of_the_trainer()
    {
        using var reader = new StreamReader(Recipe.Open("llama"));
        var settings = TrainOptionsLoader.Parse("llama.json", reader.ReadToEnd());

        Assert.Equal(new TrainOptions(), TrainOptionsLoader.Resolve(("llama.json", settings)));
    }

    [Theory]
    [InlineData("gemma2", ToyTokenizerJson, "\"model_type\" \"gemma2\" is not supported; supported are llama")]
    [InlineData("qwen3", """{"model":{"type":"Unigram"}}""", "model.type \"Unigram\" is not supported")]
    public async Task A_base_that_is_not_supported_is_refused_before_its_weights_come(string type, string tokenizer, string reason)
    {
        var config = ToyFamily.ConfigJson("qwen3", vocabulary: 301).Replace("\"qwen3\"", $"\"{type}\"", StringComparison.Ordinal);
        await using var server = await ServerAsync("owner/model", config);
        server.Files["tokenizer.json"] = Encoding.UTF8.GetBytes(tokenizer == ToyTokenizerJson ? ToyTokenizer.Json : tokenizer);

        var error = await Assert.ThrowsAsync<HubException>(() => DownloadAsync(server, "owner/model"));

        Assert.StartsWith("owner/model cannot be a base model: ", error.Message, StringComparison.Ordinal);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
        Assert.Equal(["config.json", "tokenizer.json"], Downloaded());
    }

    [Fact]
    public async Task Weights_that_a_repository_holds_twice_come_once()
    {
        await using var server = await ServerAsync("mistralai/Mistral-7B-v0.3", ToyFamily.ConfigJson("mistral", vocabulary: 301));
        server.Files["consolidated.safetensors"] = new byte[100];

        await DownloadAsync(server, "mistralai/Mistral-7B-v0.3");

        Assert.DoesNotContain("consolidated.safetensors", Downloaded());
        Assert.Contains("model.safetensors", Downloaded());
    }

    private const string ToyTokenizerJson = "toy";

    private static async Task<HubServer> ServerAsync(string name, string config)
    {
        var server = await HubServer.StartAsync(() => HubServer.New(name: name));
        server.Files["config.json"] = Encoding.UTF8.GetBytes(config);
        server.Files["tokenizer.json"] = Encoding.UTF8.GetBytes(ToyTokenizer.Json);
        server.Files["model.safetensors"] = new byte[1000];
        server.Files["merges.txt"] = new byte[10];
        return server;
    }

    private async Task DownloadAsync(HubServer server, string name)
    {
        using var http = HubClient.CreateHttpClient();
        await DownloadCommand.DownloadAsync(
            new HubClient(http, server.Address, null), HubRetry.Default(TimeProvider.System), new HubRepository(false, name, "main"), null, folder.Path, log,
            TestContext.Current.CancellationToken);
    }

    private string[] Downloaded() => [.. Directory.GetFiles(folder.Path).Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal)];
}

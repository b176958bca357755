using System.Text.Json;
using Serverless.Llama;
using Serverless.Llama.Files;
using Serverless.Llama.Lora;
using Serverless.Llama.Tokenizer;
using Serverless.Models;
using static TorchSharp.torch;

namespace Serverless.UnitTests;

/// <summary>A Llama of two layers with random weights and one token per byte, small enough to be created by each test that needs it.</summary>
internal static class ToyModel
{
    public const string Base = "tests/toy";

    public static LlamaConfig Config { get; } = new()
    {
        VocabSize = 257,
        HiddenSize = 32,
        IntermediateSize = 64,
        NumHiddenLayers = 2,
        NumAttentionHeads = 4,
        NumKeyValueHeads = 2,
        HeadDim = 8,
        // Large weights, so that different texts and adapters give clearly different logits.
        InitializerRange = 0.3,
    };

    /// <summary>Writes a Hugging Face folder of the toy base.</summary>
    public static void WriteBase(string folder, int seed = 1)
    {
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "config.json"), JsonSerializer.Serialize(new
        {
            model_type = "llama",
            hidden_act = "silu",
            vocab_size = Config.VocabSize,
            hidden_size = Config.HiddenSize,
            intermediate_size = Config.IntermediateSize,
            num_hidden_layers = Config.NumHiddenLayers,
            num_attention_heads = Config.NumAttentionHeads,
            num_key_value_heads = Config.NumKeyValueHeads,
            initializer_range = Config.InitializerRange,
            max_position_embeddings = 2048,
            rms_norm_eps = 1e-6,
        }));
        File.WriteAllText(Path.Combine(folder, "tokenizer.json"), JsonSerializer.Serialize(new
        {
            model = new
            {
                type = "BPE",
                vocab = Enumerable.Range(0, 256).ToDictionary(value => ByteLevel.ToText([(byte)value]), value => value),
                merges = Array.Empty<string>(),
            },
            pre_tokenizer = new { type = "ByteLevel", add_prefix_space = false },
            post_processor = new
            {
                type = "TemplateProcessing",
                single = new object[] { new { SpecialToken = new { id = "<s>", type_id = 0 } }, new { Sequence = new { id = "A", type_id = 0 } } },
                special_tokens = new Dictionary<string, object> { ["<s>"] = new { id = "<s>", ids = new[] { 256 }, tokens = new[] { "<s>" } } },
            },
        }));
        using var weights = LlamaWeights.Random(Config, ScalarType.BFloat16, seed);
        SafetensorsWriter.Write(Path.Combine(folder, "model.safetensors"), weights.NamedTensors);
    }

    /// <summary>Writes a PEFT folder of a random adapter, with its <c>labels.json</c> and <c>metrics.json</c>.</summary>
    public static void WriteAdapter(string folder, int seed, params string[] labels)
    {
        var config = new LoraConfig { Rank = 4, Alpha = 8 };
        using var weights = LlamaWeights.Random(Config, ScalarType.Float32, seed);
        using var network = new LlamaForSequenceClassification(weights);
        network.AddLora(config, labels.Length, seed);
        using (no_grad())
        using (var generator = new Generator((ulong)seed))
        {
            foreach (var (name, value) in network.TrainableParameters)
            {
                using var noise = randn(value.shape, generator: generator);
                value.add_(noise, alpha: name == "score.weight" ? 1 : 0.1);
            }
        }

        PeftAdapter.Write(folder, network, config, Base);
        new ClassifierMetadata(labels, MaxTokens: 64, Temperature: 2).Write(folder);
        File.WriteAllText(Path.Combine(folder, "metrics.json"), """{"accuracy":0.5}""");
    }

    /// <summary>Uploads a random adapter as a version and publishes it.</summary>
    public static async Task PublishAsync(ModelRegistry registry, string classifier, string version, int seed, params string[] labels)
    {
        using var folder = new TemporaryFolder();
        WriteAdapter(folder.Path, seed, labels);
        await PublishFolderAsync(registry, classifier, version, folder.Path);
    }

    public static async Task PublishFolderAsync(ModelRegistry registry, string classifier, string version, string folder)
    {
        var cancel = TestContext.Current.CancellationToken;
        await registry.Versions.UploadAsync(classifier, version, folder, Base, dataset: null, datasetETag: null, cancel);
        var serving = await registry.Pointers.ReadAsync(classifier, null, cancel);
        Assert.True(await registry.Pointers.PublishAsync(classifier, version, serving.ETag, cancel));
    }
}

using System.Text.Json.Nodes;
using Serverless.Llama;
using static TorchSharp.torch;

namespace Serverless.UnitTests.Llama;

/// <summary>A toy of each architecture, with a <c>config.json</c> as its models have and with random weights, biases and norms.</summary>
internal static class ToyFamily
{
    public static readonly string[] Names = ["llama", "smollm2", "mistral", "qwen2", "qwen3"];

    // Settings that differ from the toy below, in the words of the published files. Widths differ so that no shape fits by chance.
    private static readonly Dictionary<string, string> Settings = new()
    {
        ["llama"] = """
            {"model_type":"llama","rope_theta":500000.0,"tie_word_embeddings":true,"torch_dtype":"bfloat16","rope_scaling":{"rope_type":"llama3",
            "factor":32.0,"low_freq_factor":1.0,"high_freq_factor":4.0,"original_max_position_embeddings":400}}
            """,
        ["smollm2"] = """
            {"model_type":"llama","is_llama_config":true,"num_attention_heads":3,"num_key_value_heads":1,"hidden_size":36,"rope_interleaved":false,
            "rope_scaling":null,"rope_theta":100000,"tie_word_embeddings":true}
            """,
        ["mistral"] = """{"model_type":"mistral","sliding_window":null,"rope_theta":1000000.0,"head_dim":16,"tie_word_embeddings":false}""",
        ["qwen2"] = """
            {"model_type":"qwen2","rope_theta":1000000.0,"sliding_window":32768,"max_window_layers":21,"use_sliding_window":false,
            "tie_word_embeddings":true,"use_mrope":false}
            """,
        ["qwen3"] = """
            {"model_type":"qwen3","head_dim":16,"attention_bias":false,"use_sliding_window":false,"sliding_window":null,"max_window_layers":28,
            "dtype":"bfloat16","layer_types":["full_attention","full_attention"],"rope_parameters":{"rope_type":"default","rope_theta":1000000}}
            """,
    };

    public static TheoryData<string> All => [.. Names];

    public static string ConfigJson(string name, int vocabulary = 257)
    {
        var config = new JsonObject
        {
            ["vocab_size"] = vocabulary,
            ["hidden_size"] = 32,
            ["intermediate_size"] = 48,
            ["num_hidden_layers"] = 2,
            ["num_attention_heads"] = 4,
            ["num_key_value_heads"] = 2,
            ["hidden_act"] = "silu",
            ["rms_norm_eps"] = 1e-6,
            ["max_position_embeddings"] = 512,
            ["initializer_range"] = 0.3,
        };
        foreach (var (key, value) in JsonNode.Parse(Settings[name])!.AsObject())
        {
            config[key] = value?.DeepClone();
        }

        return config.ToJsonString();
    }

    public static LlamaConfig Config(string name) => LlamaConfig.Parse(ConfigJson(name), $"{name}/config.json");

    /// <summary>Weights wide enough that attention is sharp and logits are of order 1.</summary>
    public static LlamaWeights Weights(string name, ScalarType dtype = ScalarType.Float32)
    {
        var random = new Random(11);
        var config = Config(name);
        using var scope = NewDisposeScope();
        return new LlamaWeights(config, LlamaWeights.ExpectedTensors(config).ToDictionary(entry => entry.Name, entry => entry.Name switch
        {
            var norm when norm.EndsWith("norm.weight", StringComparison.Ordinal) => 1 + (0.3 * Normal(entry.Shape)),
            var bias when bias.EndsWith(".bias", StringComparison.Ordinal) => 0.5 * Normal(entry.Shape),
            var table when table.Contains("embed_tokens", StringComparison.Ordinal) => Normal(entry.Shape),
            _ => Normal(entry.Shape) * (1.6 / Math.Sqrt(entry.Shape[^1])),
        }).ToDictionary(entry => entry.Key, entry => entry.Value.to(dtype)));

        // The sum of twelve uniform numbers: the same weights with every version of libtorch.
        Tensor Normal(long[] shape) =>
            tensor([.. Enumerable.Range(0, (int)shape.Aggregate((product, size) => product * size)).Select(_ => (float)Draw())], shape);

        double Draw() => Enumerable.Range(0, 12).Sum(_ => random.NextDouble()) - 6;
    }

    /// <summary>Texts of random ids, two of them of equal length.</summary>
    public static int[][] Rows(int seed = 5)
    {
        var random = new Random(seed);
        return [.. new[] { 60, 33, 1, 17, 33, 5 }.Select(length => Enumerable.Range(0, length).Select(_ => random.Next(257)).ToArray())];
    }
}

using Serverless.Llama;

namespace Serverless.Benchmarks.Serving;

/// <summary>The shapes of published bases, from their <c>config.json</c>: what decides how fast they are.</summary>
internal static class Bases
{
    /// <summary>The base that the others are compared with.</summary>
    public static (string Name, LlamaConfig Config) Reference { get; } = Of("meta-llama/Llama-3.2-1B-Instruct", "llama", 128_256, 2048, 8192, 16, 32, 8);

    public static IReadOnlyList<(string Name, LlamaConfig Config)> All { get; } =
    [
        Of("HuggingFaceTB/SmolLM2-135M", "llama", 49_152, 576, 1536, 30, 9, 3),
        Of("HuggingFaceTB/SmolLM2-360M", "llama", 49_152, 960, 2560, 32, 15, 5),
        Of("Qwen/Qwen2.5-0.5B", "qwen2", 151_936, 896, 4864, 24, 14, 2),
        Of("Qwen/Qwen3-0.6B", "qwen3", 151_936, 1024, 3072, 28, 16, 8),
        Of("TinyLlama/TinyLlama_v1.1", "llama", 32_000, 2048, 5632, 22, 32, 4),
        Of("Qwen/Qwen2.5-1.5B", "qwen2", 151_936, 1536, 8960, 28, 12, 2),
        Of("HuggingFaceTB/SmolLM2-1.7B", "llama", 49_152, 2048, 8192, 24, 32, 32),
        Of("Qwen/Qwen3-1.7B", "qwen3", 151_936, 2048, 6144, 28, 16, 8),
        Of("meta-llama/Llama-3.2-3B-Instruct", "llama", 128_256, 3072, 8192, 28, 24, 8, headDim: 128),
    ];

    private static (string Name, LlamaConfig Config) Of(
        string name, string family, int vocabulary, int hidden, int intermediate, int layers, int heads, int keyValueHeads, int? headDim = null)
    {
        var json = $$"""
            {"model_type":"{{family}}","vocab_size":{{vocabulary}},"hidden_size":{{hidden}},"intermediate_size":{{intermediate}},"num_hidden_layers":{{layers}},
            "num_attention_heads":{{heads}},"num_key_value_heads":{{keyValueHeads}},"head_dim":{{headDim?.ToString(null, null) ?? "null"}}}
            """;
        return (name, LlamaConfig.Parse(json, name));
    }
}

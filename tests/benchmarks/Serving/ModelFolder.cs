using Serverless.Llama;
using Serverless.Llama.Files;
using Serverless.Llama.Lora;
using static TorchSharp.torch;

namespace Serverless.Benchmarks.Serving;

/// <summary>
/// The measured model: the exact shape of Llama 3.2 1B with its tokenizer, and a LoRA adapter of rank 16 on all linear layers. The
/// weights are random, which does not affect the time. It is written once and used again.
/// </summary>
internal static class ModelFolder
{
    public const string BaseName = "benchmark/llama-1b";
    private const int Seed = 42;

    // config.json of meta-llama/Llama-3.2-1B-Instruct, as published.
    private const string Config = """
        {
          "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_act": "silu",
          "vocab_size": 128256, "hidden_size": 2048, "intermediate_size": 8192, "num_hidden_layers": 16,
          "num_attention_heads": 32, "num_key_value_heads": 8, "head_dim": 64,
          "attention_bias": false, "mlp_bias": false, "initializer_range": 0.02, "rms_norm_eps": 1e-05,
          "max_position_embeddings": 131072, "rope_theta": 500000.0,
          "rope_scaling": { "rope_type": "llama3", "factor": 32.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 8192 },
          "bos_token_id": 128000, "eos_token_id": [128001, 128008, 128009], "tie_word_embeddings": true, "torch_dtype": "bfloat16"
        }
        """;

    /// <summary>The folder of the base model, 2.5 GB.</summary>
    public static string Base(string cache) => GetOrCreate(Path.Combine(cache, "base"), folder =>
    {
        File.WriteAllText(Path.Combine(folder, "config.json"), Config);
        File.Copy(Peer.Tokenizer, Path.Combine(folder, "tokenizer.json"));
        using var weights = LlamaWeights.Random(LlamaConfig.Parse(Config, "config.json"), ScalarType.BFloat16, Seed);
        SafetensorsWriter.Write(Path.Combine(folder, "model.safetensors"), weights.NamedTensors);
    });

    /// <summary>The folder of a version; versions with different seeds have different weights.</summary>
    public static string Adapter(string cache, int seed) => GetOrCreate(Path.Combine(cache, $"adapter-{seed}"), folder =>
    {
        var config = new LoraConfig();
        using var weights = HuggingFaceFolder.Open(Base(cache)).LoadWeights(ScalarType.BFloat16);
        using var network = new LlamaForSequenceClassification(weights);
        network.AddLora(config, numLabels: 4, seed);
        using (no_grad())
        using (var generator = new Generator((ulong)seed))
        {
            // B is zero at first, which would make all versions the same.
            foreach (var (name, value) in network.TrainableParameters.Where(parameter => parameter.Name.Contains("lora_B", StringComparison.Ordinal)))
            {
                using var noise = randn(value.shape, generator: generator);
                value.add_(noise, alpha: 0.01);
            }
        }

        PeftAdapter.Write(folder, network, config, BaseName);
        new ClassifierMetadata(["World", "Sports", "Business", "Sci/Tech"], MaxTokens: 128, Temperature: 1).Write(folder);
        File.WriteAllText(Path.Combine(folder, "metrics.json"), "{}");
    });

    /// <summary>Creates a folder under a temporary name and renames it, so that an incomplete folder is never used.</summary>
    private static string GetOrCreate(string folder, Action<string> write)
    {
        if (!Directory.Exists(folder))
        {
            Console.Error.WriteLine($"Writing {folder}");
            var unfinished = $"{folder}.{Environment.ProcessId}";
            Directory.CreateDirectory(unfinished);
            write(unfinished);
            Directory.Move(unfinished, folder);
        }

        return folder;
    }
}

using System.Text;
using System.Text.Json;
using Serverless.Llama;
using Serverless.Llama.Files;
using static TorchSharp.torch;

namespace Serverless.Benchmarks.Serving;

/// <summary>
/// Writes a base model in the format of llama.cpp, GGUF version 3 (ggml/docs/gguf.md), as its convert_hf_to_gguf.py does: linear
/// layers and embedding in bf16 or q8_0 (blocks of 32 with one fp16 scale), norms in fp32, and the two channels of each rotation of
/// queries and keys next to each other.
/// </summary>
internal sealed class Gguf : IDisposable
{
    private const int Alignment = 32;
    private const uint F32 = 0, Q8 = 8, BF16 = 30;

    private readonly BinaryWriter file;
    private readonly bool quantised;
    private readonly List<(string Name, Tensor Value, uint Type)> tensors = [];

    private Gguf(string path, bool quantised)
    {
        file = new BinaryWriter(File.Create(path));
        this.quantised = quantised;
    }

    /// <param name="folder">The Hugging Face folder.</param>
    /// <param name="path">The file to write; an existing file is kept.</param>
    /// <param name="quantised">q8_0 instead of bf16.</param>
    public static string Convert(string folder, string path, bool quantised)
    {
        if (!File.Exists(path))
        {
            Console.Error.WriteLine($"Writing {path}");
            using (var gguf = new Gguf(path + ".tmp", quantised))
            using (NewDisposeScope())
            {
                var files = HuggingFaceFolder.Open(folder);
                using var weights = files.LoadWeights(ScalarType.BFloat16);
                gguf.Collect(weights);
                gguf.WriteHeader(files);
                gguf.WriteTensors();
            }

            File.Move(path + ".tmp", path);
        }

        return path;
    }

    public void Dispose() => file.Dispose();

    private void Collect(LlamaWeights weights)
    {
        var config = weights.Config;
        AddMatrix("token_embd.weight", weights["model.embed_tokens.weight"]);
        AddVector("output_norm.weight", weights["model.norm.weight"]);
        if (config.RopeScaling is { } scaling)
        {
            var factors = Enumerable.Range(0, config.HeadDim / 2)
                .Select(i => Math.Pow(config.RopeTheta, -2.0 * i / config.HeadDim))
                .Select(inverse => (float)(inverse / scaling.Apply(inverse)));
            AddVector("rope_freqs.weight", tensor(factors.ToArray()));
        }

        (string Ours, string Theirs)[] linears =
        [
            ("self_attn.q_proj", "attn_q"), ("self_attn.k_proj", "attn_k"), ("self_attn.v_proj", "attn_v"), ("self_attn.o_proj", "attn_output"),
            ("mlp.gate_proj", "ffn_gate"), ("mlp.up_proj", "ffn_up"), ("mlp.down_proj", "ffn_down"),
        ];
        for (var layer = 0; layer < config.NumHiddenLayers; layer++)
        {
            var (ours, theirs) = ($"model.layers.{layer}", $"blk.{layer}");
            AddVector($"{theirs}.attn_norm.weight", weights[$"{ours}.input_layernorm.weight"]);
            AddVector($"{theirs}.ffn_norm.weight", weights[$"{ours}.post_attention_layernorm.weight"]);
            foreach (var (name, other) in linears)
            {
                var weight = weights[$"{ours}.{name}.weight"];
                AddMatrix($"{theirs}.{other}.weight", name is "self_attn.q_proj" or "self_attn.k_proj" ? Interleave(weight, config.HeadDim) : weight);
            }
        }
    }

    /// <summary>Channels i and i + headDim / 2, which turn together, moved side by side.</summary>
    private static Tensor Interleave(Tensor weight, int headDim) =>
        weight.view(-1, 2, headDim / 2, weight.shape[1]).transpose(1, 2).reshape(weight.shape);

    private void AddMatrix(string name, Tensor value) => tensors.Add((name, value, quantised ? Q8 : BF16));

    private void AddVector(string name, Tensor value) => tensors.Add((name, value.to(float32), F32));

    private void WriteHeader(HuggingFaceFolder folder)
    {
        var config = folder.Config;
        using var tokenizer = JsonDocument.Parse(File.ReadAllBytes(folder.TokenizerPath));
        var model = tokenizer.RootElement.GetProperty("model");
        var tokens = Enumerable.Range(0, config.VocabSize).Select(id => $"[{id}]").ToArray();
        foreach (var token in model.GetProperty("vocab").EnumerateObject())
        {
            tokens[token.Value.GetInt32()] = token.Name;
        }

        var words = model.GetProperty("vocab").EnumerateObject().Count();
        var merges = model.GetProperty("merges").EnumerateArray()
            .Select(merge => merge.ValueKind == JsonValueKind.String ? merge.GetString()! : $"{merge[0].GetString()} {merge[1].GetString()}").ToArray();
        (string Key, object Value)[] settings =
        [
            ("general.architecture", "llama"),
            ("general.name", "benchmark"),
            ("general.alignment", (uint)Alignment),
            ("general.file_type", quantised ? 7u : 32u),
            ("llama.block_count", (uint)config.NumHiddenLayers),
            ("llama.context_length", (uint)config.MaxPositionEmbeddings),
            ("llama.embedding_length", (uint)config.HiddenSize),
            ("llama.feed_forward_length", (uint)config.IntermediateSize),
            ("llama.attention.head_count", (uint)config.NumAttentionHeads),
            ("llama.attention.head_count_kv", (uint)config.NumKeyValueHeads),
            ("llama.attention.key_length", (uint)config.HeadDim),
            ("llama.attention.value_length", (uint)config.HeadDim),
            ("llama.attention.layer_norm_rms_epsilon", (float)config.RmsNormEps),
            ("llama.rope.dimension_count", (uint)config.HeadDim),
            ("llama.rope.freq_base", (float)config.RopeTheta),
            ("llama.vocab_size", (uint)config.VocabSize),
            ("tokenizer.ggml.model", "gpt2"),
            ("tokenizer.ggml.pre", "llama-bpe"),
            ("tokenizer.ggml.tokens", tokens),
            ("tokenizer.ggml.token_type", Enumerable.Range(0, tokens.Length).Select(id => id < words ? 1 : 3).ToArray()), // normal, control
            ("tokenizer.ggml.merges", merges),
            ("tokenizer.ggml.bos_token_id", 128000u),
            ("tokenizer.ggml.eos_token_id", 128009u),
        ];
        file.Write("GGUF"u8);
        file.Write(3u);
        file.Write((ulong)tensors.Count);
        file.Write((ulong)settings.Length);
        foreach (var (key, value) in settings)
        {
            Write(key);
            WriteValue(value);
        }

        var offset = 0L;
        foreach (var (name, value, type) in tensors)
        {
            Write(name);
            file.Write((uint)value.dim());
            foreach (var size in value.shape.Reverse())
            {
                file.Write((ulong)size);
            }

            file.Write(type);
            file.Write((ulong)offset);
            offset += Padded(Bytes(value.numel(), type));
        }
    }

    private void WriteTensors()
    {
        Pad();
        foreach (var (_, value, type) in tensors)
        {
            using var scope = NewDisposeScope();
            file.Write((type == Q8 ? Quantise(value) : value.contiguous()).bytes);
            Pad();
        }
    }

    /// <summary>Blocks of 32: scale max|x| / 127 as fp16, then 32 signed bytes.</summary>
    private static Tensor Quantise(Tensor value)
    {
        var blocks = value.to(float32).view(-1, 32);
        var scale = blocks.abs().amax([1], keepdim: true) / 127;
        var codes = (blocks / scale.clamp_min(1e-12)).round().to(int8);
        return cat([AsBytes(scale.to(float16), 2), AsBytes(codes, 32)], 1);

        static Tensor AsBytes(Tensor x, int width)
        {
            var bytes = empty(x.shape[0], width, dtype: uint8);
            x.contiguous().bytes.CopyTo(bytes.bytes);
            return bytes;
        }
    }

    private void WriteValue(object value)
    {
        switch (value)
        {
            case uint number: file.Write(4u); file.Write(number); break;
            case float number: file.Write(6u); file.Write(number); break;
            case string text: file.Write(8u); Write(text); break;
            case int[] numbers: file.Write(9u); file.Write(5u); file.Write((ulong)numbers.Length); Array.ForEach(numbers, file.Write); break;
            case string[] texts: file.Write(9u); file.Write(8u); file.Write((ulong)texts.Length); Array.ForEach(texts, Write); break;
            default: throw new ArgumentException($"GGUF has no type here for {value.GetType()}.", nameof(value));
        }
    }

    private void Write(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        file.Write((ulong)bytes.Length);
        file.Write(bytes);
    }

    private void Pad() => file.Write(new byte[Padded(file.BaseStream.Position) - file.BaseStream.Position]);

    private static long Padded(long length) => (length + Alignment - 1) / Alignment * Alignment;

    private static long Bytes(long elements, uint type) => type switch
    {
        F32 => elements * 4,
        BF16 => elements * 2,
        _ => elements / 32 * 34,
    };
}

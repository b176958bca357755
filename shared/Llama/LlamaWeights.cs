using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Serverless.Llama.Lora;
using TorchSharp;
using static TorchSharp.torch;

namespace Serverless.Llama;

/// <summary>The tensors of a base model by their checkpoint names. All classifiers on this base model share them.</summary>
public sealed partial class LlamaWeights : IDisposable
{
    internal const string ScoreName = "score.weight";

    private readonly IReadOnlyDictionary<string, Tensor> tensors;

    /// <param name="config">The configuration of the model.</param>
    /// <param name="tensors">The tensors of <see cref="ExpectedTensors"/>, optionally with a classification head. Disposed with this object.</param>
    public LlamaWeights(LlamaConfig config, IReadOnlyDictionary<string, Tensor> tensors)
    {
        Config = config;
        this.tensors = tensors;
        foreach (var tensor in tensors.Values)
        {
            tensor.DetachFromDisposeScope();
        }
    }

    public LlamaConfig Config { get; }

    public Tensor this[string name] => tensors[name];

    /// <summary>The classification head, <c>[labels, hidden]</c>, if the checkpoint has one: a classifier whose weights were all trained.</summary>
    public Tensor? Head => tensors.GetValueOrDefault(ScoreName);

    /// <summary>Creates the linear layers of a module that read the same input, such as <c>k_proj</c> and <c>v_proj</c>.</summary>
    internal FusedLinear CreateLinears(string module, params string[] names) => new(
        [.. names.Select(name => $"{module}.{name}").Select(name => new LoraLinear(name, this[$"{name}.weight"], tensors.GetValueOrDefault($"{name}.bias")))]);

    /// <summary>Creates a normalization layer; null if the model has none of this name.</summary>
    internal RmsNorm? FindNorm(string name) => tensors.TryGetValue($"{name}.weight", out var weight) ? new RmsNorm(weight, Config.RmsNormEps) : null;

    public IEnumerable<(string Name, Tensor Value)> NamedTensors => tensors.Select(pair => (pair.Key, pair.Value));

    public Device Device => this["model.embed_tokens.weight"].device;

    public ScalarType Type => this["model.embed_tokens.weight"].dtype;

    /// <summary>Names and shapes of the tensors that a classifier reads. The language-model head is not one of them.</summary>
    public static IEnumerable<(string Name, long[] Shape)> ExpectedTensors(LlamaConfig config)
    {
        long hidden = config.HiddenSize, inner = config.IntermediateSize;
        long queries = (long)config.NumAttentionHeads * config.HeadDim, keys = (long)config.NumKeyValueHeads * config.HeadDim;
        yield return ("model.embed_tokens.weight", [config.VocabSize, hidden]);
        for (var layer = 0; layer < config.NumHiddenLayers; layer++)
        {
            var prefix = $"model.layers.{layer}.";
            (string Module, long Out, long In, bool Bias)[] linears =
            [
                ("self_attn.q_proj", queries, hidden, config.QueryKeyValueBias),
                ("self_attn.k_proj", keys, hidden, config.QueryKeyValueBias),
                ("self_attn.v_proj", keys, hidden, config.QueryKeyValueBias),
                ("self_attn.o_proj", hidden, queries, config.AttentionOutputBias),
                ("mlp.gate_proj", inner, hidden, config.MlpBias),
                ("mlp.up_proj", inner, hidden, config.MlpBias),
                ("mlp.down_proj", hidden, inner, config.MlpBias),
            ];
            foreach (var (module, rows, columns, bias) in linears)
            {
                yield return ($"{prefix}{module}.weight", [rows, columns]);
                if (bias)
                {
                    yield return ($"{prefix}{module}.bias", [rows]);
                }
            }

            if (config.QueryKeyNorm)
            {
                yield return ($"{prefix}self_attn.q_norm.weight", [config.HeadDim]);
                yield return ($"{prefix}self_attn.k_norm.weight", [config.HeadDim]);
            }

            yield return ($"{prefix}input_layernorm.weight", [hidden]);
            yield return ($"{prefix}post_attention_layernorm.weight", [hidden]);
        }

        yield return ("model.norm.weight", [hidden]);
    }

    /// <summary>
    /// Random weights, initialized as transformers does: normal with standard deviation <see cref="LlamaConfig.InitializerRange"/>, norms 1,
    /// biases 0.
    /// </summary>
    public static LlamaWeights Random(LlamaConfig config, ScalarType dtype, int seed)
    {
        using var generator = new Generator((ulong)seed);
        using var scope = NewDisposeScope();
        var tensors = ExpectedTensors(config).ToDictionary(entry => entry.Name, entry => entry.Name switch
        {
            var name when name.EndsWith("norm.weight", StringComparison.Ordinal) => ones(entry.Shape, dtype),
            var name when name.EndsWith(".bias", StringComparison.Ordinal) => zeros(entry.Shape, dtype),
            _ => (randn(entry.Shape, float32, generator: generator) * config.InitializerRange).to(dtype),
        });
        return new LlamaWeights(config, tensors);
    }

    /// <summary>
    /// Maps the pages of memory-mapped weights into this process, and reads them into memory if they are not there yet. Page faults in the
    /// first forward pass would do the same and take twice as long. This is a hint: Linux before 5.14 does not support it.
    /// </summary>
    public void Populate()
    {
        foreach (var tensor in tensors.Values.Where(tensor => tensor.device.type == DeviceType.CPU))
        {
            var bytes = tensor.bytes;
            PopulatePages(ref MemoryMarshal.GetReference(bytes), (nuint)bytes.Length);
        }
    }

    public void Dispose()
    {
        foreach (var tensor in tensors.Values)
        {
            tensor.Dispose();
        }
    }

    private static unsafe void PopulatePages(ref byte first, nuint length)
    {
        const int populateRead = 22; // MADV_POPULATE_READ of mman.h
        var address = (nuint)Unsafe.AsPointer(ref first);
        var page = address & ~(nuint)(Environment.SystemPageSize - 1);
        if (OperatingSystem.IsLinux())
        {
            _ = MemoryAdvise(page, address + length - page, populateRead);
        }
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int MemoryAdvise(nuint address, nuint length, int advice);
}

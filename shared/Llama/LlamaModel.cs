using Serverless.Llama.Lora;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Serverless.Llama;

// The network, top to bottom: decoder, decoder layer, attention, MLP. Inference and training share it. It follows transformers'
// modeling_llama.py and gives the same logits within rounding (tests/UnitTests/Llama/LogitsTests.cs). It is the network of SmolLM2, Mistral,
// Qwen2 and Qwen3 too: what these have and Llama has not, biases and two more norms, is in their weights (ModelFamily.cs).

/// <summary>The Llama decoder without a head: token ids in, one hidden state per token out.</summary>
public sealed class LlamaModel : IDisposable
{
    private readonly LlamaDecoderLayer[] layers;
    private readonly RmsNorm norm;
    private readonly RotaryEmbedding rotaryEmbedding;
    private readonly ScalarType computeType;
    private readonly ScalarType residualType;

    /// <param name="weights">The weights of the base model. They must outlive this model, which does not dispose them.</param>
    /// <param name="computeType">Data type of the linear layers and of attention.</param>
    /// <param name="residualType">Data type of the residual stream, to which the layers add.</param>
    public LlamaModel(LlamaWeights weights, ScalarType computeType, ScalarType residualType)
    {
        var config = weights.Config;
        this.computeType = computeType;
        this.residualType = residualType;
        EmbedTokens = new LoraEmbedding(weights[$"{LoraEmbedding.Name}.weight"]);
        layers = [.. Enumerable.Range(0, config.NumHiddenLayers).Select(layer => new LlamaDecoderLayer(weights, layer))];
        norm = new RmsNorm(weights["model.norm.weight"], config.RmsNormEps);
        rotaryEmbedding = new RotaryEmbedding(config);
    }

    public LoraEmbedding EmbedTokens { get; }

    /// <summary>Every linear layer, in checkpoint order.</summary>
    public IEnumerable<LoraLinear> Linears => FusedLinears.SelectMany(fused => fused.Parts);

    /// <summary>The linear layers in checkpoint order, grouped as they are merged.</summary>
    public IEnumerable<FusedLinear> FusedLinears => layers.SelectMany(layer => layer.FusedLinears);

    /// <param name="batch">The token ids.</param>
    /// <param name="pooledOnly">Whether the last layer is computed only for each sequence's last token, the only one that a classifier reads.</param>
    /// <param name="dropout">Dropout of the LoRA layers in training; null in inference.</param>
    /// <returns><c>[tokens, hidden]</c>, or <c>[sequences, hidden]</c> in the batch's sorted order if <paramref name="pooledOnly"/>.</returns>
    public Tensor Forward(PackedBatch batch, bool pooledOnly, LoraDropout? dropout = null)
    {
        using var scope = NewDisposeScope();
        var (cos, sin) = rotaryEmbedding.Forward(batch, computeType);
        var h = EmbedTokens.Forward(batch.Ids).to(residualType); // [tokens, hidden]
        for (var layer = 0; layer < layers.Length; layer++)
        {
            var pool = pooledOnly && layer == layers.Length - 1;
            h = layers[layer].Forward(h, new AttentionInput(batch, cos, sin, computeType, pool, dropout));
        }

        return norm.Forward(h).MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
        EmbedTokens.Dispose();
        foreach (var fused in FusedLinears)
        {
            fused.Dispose();
        }
    }
}

/// <summary>The inputs of a forward pass that all layers share. Cos and Sin have the shape <c>[tokens, 1, headDim / 2]</c>.</summary>
internal readonly record struct AttentionInput(
    PackedBatch Batch, Tensor Cos, Tensor Sin, ScalarType ComputeType, bool PooledOnly, LoraDropout? Dropout);

internal sealed class LlamaDecoderLayer(LlamaWeights weights, int layer)
{
    private readonly RmsNorm inputLayernorm = new(weights[$"model.layers.{layer}.input_layernorm.weight"], weights.Config.RmsNormEps);
    private readonly LlamaAttention selfAttention = new(weights, $"model.layers.{layer}.self_attn");
    private readonly RmsNorm postAttentionLayernorm = new(weights[$"model.layers.{layer}.post_attention_layernorm.weight"], weights.Config.RmsNormEps);
    private readonly LlamaMlp mlp = new(weights, $"model.layers.{layer}.mlp");

    public IEnumerable<FusedLinear> FusedLinears => [.. selfAttention.FusedLinears, .. mlp.FusedLinears];

    /// <param name="h"><c>[tokens, hidden]</c></param>
    /// <param name="input">The inputs that all layers share.</param>
    /// <returns><c>[tokens, hidden]</c>, or <c>[sequences, hidden]</c> if pooled.</returns>
    public Tensor Forward(Tensor h, AttentionInput input)
    {
        using var scope = NewDisposeScope();
        var residual = input.PooledOnly ? h.index_select(0, input.Batch.LastTokens) : h;
        h = residual + selfAttention.Forward(inputLayernorm.Forward(h).to(input.ComputeType), input);
        h = h + mlp.Forward(postAttentionLayernorm.Forward(h).to(input.ComputeType), input.Dropout);
        return h.MoveToOuterDisposeScope();
    }
}

internal sealed class LlamaAttention(LlamaWeights weights, string name)
{
    private readonly int heads = weights.Config.NumAttentionHeads;
    private readonly int keyValueHeads = weights.Config.NumKeyValueHeads;
    private readonly int headDim = weights.Config.HeadDim;
    private readonly FusedLinear qProj = weights.CreateLinears(name, "q_proj"); // not fused with k and v: the pooled last layer has fewer queries than keys
    private readonly FusedLinear kvProj = weights.CreateLinears(name, "k_proj", "v_proj");
    private readonly FusedLinear oProj = weights.CreateLinears(name, "o_proj");
    private readonly RmsNorm? qNorm = weights.FindNorm($"{name}.q_norm");
    private readonly RmsNorm? kNorm = weights.FindNorm($"{name}.k_norm");

    public IEnumerable<FusedLinear> FusedLinears => [qProj, kvProj, oProj];

    /// <param name="x"><c>[tokens, hidden]</c></param>
    /// <param name="input">The inputs that all layers share.</param>
    /// <returns><c>[tokens, hidden]</c>, or <c>[sequences, hidden]</c> if pooled.</returns>
    public Tensor Forward(Tensor x, AttentionInput input)
    {
        var (batch, cos, sin, _, pooledOnly, dropout) = input;
        var keysAndValues = kvProj.Forward(x, dropout);
        var k = RepeatHeads(RotaryEmbedding.Apply(Normalize(kNorm, keysAndValues[0].view(-1, keyValueHeads, headDim)), cos, sin));
        var v = RepeatHeads(keysAndValues[1].view(-1, keyValueHeads, headDim)); // [tokens, heads, headDim]
        if (pooledOnly)
        {
            (x, cos, sin) = (x.index_select(0, batch.LastTokens), cos.index_select(0, batch.LastTokens), sin.index_select(0, batch.LastTokens));
        }

        var q = RotaryEmbedding.Apply(Normalize(qNorm, qProj.Forward(x, dropout)[0].view(-1, heads, headDim)), cos, sin);
        return oProj.Forward(Attend(q, k, v, batch, pooledOnly), dropout)[0];
    }

    /// <summary>Normalizes each head of <c>[tokens, heads, headDim]</c>, in a model that does.</summary>
    private static Tensor Normalize(RmsNorm? norm, Tensor x) => norm is null ? x : norm.Forward(x).to(x.dtype);

    /// <summary>Causal attention within each sequence, one call for each run of equal lengths: no mask and no padding inside a run.</summary>
    private Tensor Attend(Tensor q, Tensor k, Tensor v, PackedBatch batch, bool pooledOnly)
    {
        var runs = batch.Runs;
        if (runs.Count == 1 && batch.Padding == 0)
        {
            return AttendRun(q, k, v, runs[0].Count, pooledOnly);
        }

        long[] tokens = [.. runs.Select(run => (long)run.Count * run.Length), batch.Padding];
        var queries = q.split(pooledOnly ? [.. runs.Select(run => (long)run.Count)] : tokens);
        var (keys, values) = (k.split(tokens), v.split(tokens));
        var attended = runs.Select((run, i) => AttendRun(queries[i], keys[i], values[i], run.Count, pooledOnly));
        return cat([.. attended, .. pooledOnly ? [] : queries[runs.Count..].Select(padding => padding.flatten(1))]);
    }

    private Tensor AttendRun(Tensor q, Tensor k, Tensor v, int sequences, bool pooledOnly)
    {
        // The last token attends to its whole sequence, so pooled attention needs no causal mask.
        var attended = Attention.Forward(
            q.view(sequences, -1, heads, headDim).transpose(1, 2),
            k.view(sequences, -1, heads, headDim).transpose(1, 2),
            v.view(sequences, -1, heads, headDim).transpose(1, 2),
            causal: !pooledOnly); // [sequences, heads, length, headDim]
        return attended.transpose(1, 2).reshape(-1, heads * headDim);
    }

    /// <summary>
    /// Repeats the heads of <c>[tokens, keyValueHeads, headDim]</c> to <c>[tokens, heads, headDim]</c>: once for all runs, which takes fewer
    /// calls than once for each run.
    /// </summary>
    private Tensor RepeatHeads(Tensor x) => keyValueHeads == heads
        ? x
        : x.unsqueeze(2).expand(-1, -1, heads / keyValueHeads, -1).reshape(-1, heads, headDim);
}

internal sealed class LlamaMlp(LlamaWeights weights, string name)
{
    private const long MaxChunkBytes = 16 << 20; // MLP activations that fit half of a server's last-level cache

    private readonly long chunkTokens = Math.Max(1, MaxChunkBytes / (2L * weights.Config.IntermediateSize * weights.Type.ElementSize()));
    private readonly FusedLinear gateUpProj = weights.CreateLinears(name, "gate_proj", "up_proj");
    private readonly FusedLinear downProj = weights.CreateLinears(name, "down_proj");

    public IEnumerable<FusedLinear> FusedLinears => [gateUpProj, downProj];

    /// <summary>SwiGLU (Shazeer 2020, arXiv:2002.05202): <c>[tokens, hidden]</c> to <c>[tokens, hidden]</c>.</summary>
    public Tensor Forward(Tensor x, LoraDropout? dropout)
    {
        var chunks = (x.shape[0] + chunkTokens - 1) / chunkTokens;
        return x.requires_grad || chunks == 1 ? ForwardChunk(x, dropout) : cat([.. x.chunk(chunks).Select(chunk => ForwardChunk(chunk, dropout))]);
    }

    private Tensor ForwardChunk(Tensor x, LoraDropout? dropout)
    {
        using var scope = NewDisposeScope();
        var gateUp = gateUpProj.Forward(x, dropout);
        return downProj.Forward(functional.silu(gateUp[0]) * gateUp[1], dropout)[0].MoveToOuterDisposeScope();
    }
}

using System.Text.Json.Nodes;
using static TorchSharp.torch;

namespace Serverless.UnitTests.Llama;

/// <summary>
/// The network of a family in double precision, head by head, token by token, written from the published equations: "Llama 2" (Touvron et al.
/// 2023), "RoFormer" (Su et al. 2021), "The Llama 3 Herd of Models" (2024), "Qwen2 Technical Report" (biases of queries, keys and values),
/// "Qwen3 Technical Report" (QK-Norm), "LoRA" (Hu et al. 2021).
/// </summary>
/// <remarks>It shares no line with the product and reads <c>config.json</c> itself. Its gradients are those of libtorch's autograd.</remarks>
internal sealed class PublishedEquations(string configJson, IReadOnlyDictionary<string, Tensor> weights, double loraScaling = 0)
{
    private readonly JsonNode config = JsonNode.Parse(configJson)!;

    private string Family => (string)config["model_type"]!;

    private int Heads => (int)config["num_attention_heads"]!;

    private int HeadDim => (int?)config["head_dim"] ?? (int)config["hidden_size"]! / Heads;

    /// <summary>Logits of one text, <c>[labels]</c>.</summary>
    public Tensor Logits(int[] ids) => weights["score.weight"].mv(LastHiddenState(ids));

    /// <summary>The hidden state of the last token, <c>[hidden]</c>.</summary>
    public Tensor LastHiddenState(int[] ids)
    {
        var h = weights["model.embed_tokens.weight"].index_select(0, tensor(ids, int64)); // [tokens, hidden]
        for (var layer = 0; layer < (int)config["num_hidden_layers"]!; layer++)
        {
            var name = $"model.layers.{layer}";
            h = h + Attention(Normalized(h, $"{name}.input_layernorm"), $"{name}.self_attn");
            h = h + Mlp(Normalized(h, $"{name}.post_attention_layernorm"), $"{name}.mlp");
        }

        return Normalized(h, "model.norm")[^1];
    }

    // x / sqrt(mean(x²) + ε) · g
    private Tensor Normalized(Tensor x, string name) =>
        x / (x * x).mean([-1], keepdim: true).add((double)config["rms_norm_eps"]!).sqrt() * weights[$"{name}.weight"];

    private Tensor Linear(Tensor x, string name, bool bias = false)
    {
        var y = x.matmul(weights[$"{name}.weight"].t());
        y = bias ? y + weights[$"{name}.bias"] : y;
        return weights.TryGetValue($"{name}.lora_A.weight", out var a) ? y + (loraScaling * x.matmul(a.t()).matmul(weights[$"{name}.lora_B.weight"].t())) : y;
    }

    private Tensor Attention(Tensor x, string name)
    {
        var keyHeads = (int)config["num_key_value_heads"]!;
        var hasBias = Family == "qwen2";
        var q = Linear(x, $"{name}.q_proj", hasBias).split(HeadDim, -1);
        var k = Linear(x, $"{name}.k_proj", hasBias).split(HeadDim, -1);
        var v = Linear(x, $"{name}.v_proj", hasBias).split(HeadDim, -1);
        var heads = Enumerable.Range(0, Heads).Select(head =>
        {
            var group = head * keyHeads / Heads;
            var (queries, keys) = (Rotated(QueryKeyNormalized(q[head], $"{name}.q_norm")), Rotated(QueryKeyNormalized(k[group], $"{name}.k_norm")));
            var rows = Enumerable.Range(0, (int)x.shape[0]).Select(token =>
            {
                var scores = keys[..(token + 1)].mv(queries[token]) / Math.Sqrt(HeadDim);
                var powers = (scores - scores.max().detach()).exp();
                return (powers / powers.sum()).unsqueeze(0).matmul(v[group][..(token + 1)]);
            });
            return cat([.. rows]);
        });
        return Linear(cat([.. heads], -1), $"{name}.o_proj");
    }

    private Tensor QueryKeyNormalized(Tensor x, string name) => Family == "qwen3" ? Normalized(x, name) : x;

    // Channel i and i + d/2 are a point in the plane, turned by position · θ^(−2i/d).
    private Tensor Rotated(Tensor x)
    {
        var half = HeadDim / 2;
        var angles = outer(arange(x.shape[0], float64), tensor(Enumerable.Range(0, half).Select(Frequency).ToArray(), float64));
        var (left, right) = (x.narrow(1, 0, half), x.narrow(1, half, half));
        return cat([(left * angles.cos()) - (right * angles.sin()), (left * angles.sin()) + (right * angles.cos())], 1);
    }

    private double Frequency(int pair)
    {
        var theta = (double)(config["rope_parameters"]?["rope_theta"] ?? config["rope_theta"])!;
        var frequency = Math.Pow(theta, -2.0 * pair / HeadDim);
        if (config["rope_scaling"] is not { } scaling)
        {
            return frequency;
        }

        var (factor, low, high) = ((double)scaling["factor"]!, (double)scaling["low_freq_factor"]!, (double)scaling["high_freq_factor"]!);
        var turns = (double)scaling["original_max_position_embeddings"]! * frequency / (2 * Math.PI);
        var kept = Math.Clamp((turns - low) / (high - low), 0, 1);
        return frequency * (kept + ((1 - kept) / factor));
    }

    // down(silu(gate(x)) · up(x))
    private Tensor Mlp(Tensor x, string name)
    {
        var gate = Linear(x, $"{name}.gate_proj");
        return Linear(gate / (1 + (-gate).exp()) * Linear(x, $"{name}.up_proj"), $"{name}.down_proj");
    }
}

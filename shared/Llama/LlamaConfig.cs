using System.Text.Json;
using System.Text.Json.Nodes;

namespace Serverless.Llama;

/// <summary>
/// Configuration of a Llama or of one of its relatives (<see cref="ModelFamily"/>), read from a Hugging Face <c>config.json</c>. Properties have the
/// names of transformers' <c>LlamaConfig</c>. A setting that would change the logits and is not supported is rejected, never ignored.
/// </summary>
public sealed record LlamaConfig
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary>The architecture of transformers: llama, mistral, qwen2 or qwen3.</summary>
    public string ModelType { get; init; } = "llama";

    /// <summary>Rows of the token embedding.</summary>
    public required int VocabSize { get; init; }

    /// <summary>Width of the residual stream.</summary>
    public required int HiddenSize { get; init; }

    /// <summary>Width of the hidden layer of the MLP.</summary>
    public required int IntermediateSize { get; init; }

    public required int NumHiddenLayers { get; init; }

    public required int NumAttentionHeads { get; init; }

    /// <summary>Key and value heads (grouped-query attention): each is shared by <c>NumAttentionHeads / NumKeyValueHeads</c> query heads.</summary>
    public required int NumKeyValueHeads { get; init; }

    /// <summary>Width of one head, an even number. It can differ from <c>HiddenSize / NumAttentionHeads</c>.</summary>
    public required int HeadDim { get; init; }

    public double RmsNormEps { get; init; } = 1e-6;

    public double RopeTheta { get; init; } = 10_000;

    /// <summary>Llama 3's scaling of the rotary frequencies; null for unscaled frequencies.</summary>
    public RopeScaling? RopeScaling { get; init; }

    /// <summary>Maximum number of tokens of a text. A sliding window is a smaller one: up to its width, each token attends to all before it.</summary>
    public int MaxPositionEmbeddings { get; init; } = 2048;

    public bool TieWordEmbeddings { get; init; }

    /// <summary>Whether the projections of queries, keys and values have biases.</summary>
    public bool QueryKeyValueBias { get; init; }

    /// <summary>Whether the output projection of attention has a bias.</summary>
    public bool AttentionOutputBias { get; init; }

    /// <summary>Whether each head of queries and keys is normalized before it is rotated (Qwen3).</summary>
    public bool QueryKeyNorm { get; init; }

    public bool MlpBias { get; init; }

    /// <summary>Standard deviation of a newly initialized weight.</summary>
    public double InitializerRange { get; init; } = 0.02;

    /// <exception cref="InvalidDataException">The file is not a supported Llama configuration; the message names the key.</exception>
    public static LlamaConfig Read(string path) => Parse(File.ReadAllText(path), path);

    /// <param name="json">The text of a <c>config.json</c>.</param>
    /// <param name="source">The file's path, for error messages.</param>
    /// <inheritdoc cref="Read"/>
    public static LlamaConfig Parse(string json, string source)
    {
        var file = JsonConfigReader.Parse(json, source);
        var family = ModelFamily.Read(file);
        file.Expect("hidden_act", "silu");
        file.RejectIfSet("quantization_config", "a quantized base model cannot be fine-tuned here; use the 16-bit or 32-bit weights");
        RejectSlidingLayers(file);

        var rope = FindRope(file);
        RejectPartialRotation(file);
        RejectPartialRotation(rope);
        var heads = file.GetInt32("num_attention_heads", 1, 4096);
        var hidden = file.GetInt32("hidden_size", 1, 1 << 17);
        var attentionBias = family.ReadsAttentionBias && file.GetBoolean("attention_bias", false);
        return new LlamaConfig
        {
            ModelType = family.ModelType,
            VocabSize = file.GetInt32("vocab_size", 1, 1 << 24),
            HiddenSize = hidden,
            IntermediateSize = file.GetInt32("intermediate_size", 1, 1 << 20),
            NumHiddenLayers = file.GetInt32("num_hidden_layers", 1, 1024),
            NumAttentionHeads = heads,
            NumKeyValueHeads = ReadKeyValueHeads(file, family, heads),
            HeadDim = ReadHeadDim(file, family, hidden, heads),
            RmsNormEps = file.GetDouble("rms_norm_eps", 0, 1, 1e-6),
            RopeTheta = ReadRopeTheta(file, rope),
            RopeScaling = rope is null ? null : RopeScaling.Parse(rope),
            MaxPositionEmbeddings = ReadMaxPositions(file, family),
            TieWordEmbeddings = file.GetBoolean("tie_word_embeddings", false),
            QueryKeyValueBias = family.HasQueryKeyValueBias || attentionBias,
            AttentionOutputBias = attentionBias,
            QueryKeyNorm = family.HasQueryKeyNorm,
            MlpBias = family.ReadsMlpBias && file.GetBoolean("mlp_bias", false),
            InitializerRange = file.GetDouble("initializer_range", 0, 10, 0.02),
        };
    }

    /// <summary>Writes the <c>config.json</c> of a Llama, which transformers reads.</summary>
    public void Write(string path, string torchDtype, int bosTokenId, int eosTokenId)
    {
        var json = new JsonObject
        {
            ["architectures"] = new JsonArray("LlamaForCausalLM"),
            ["model_type"] = "llama",
            ["vocab_size"] = VocabSize,
            ["hidden_size"] = HiddenSize,
            ["intermediate_size"] = IntermediateSize,
            ["num_hidden_layers"] = NumHiddenLayers,
            ["num_attention_heads"] = NumAttentionHeads,
            ["num_key_value_heads"] = NumKeyValueHeads,
            ["head_dim"] = HeadDim,
            ["hidden_act"] = "silu",
            ["rms_norm_eps"] = RmsNormEps,
            ["rope_theta"] = RopeTheta,
            ["rope_scaling"] = RopeScaling?.ToJson(),
            ["max_position_embeddings"] = MaxPositionEmbeddings,
            ["tie_word_embeddings"] = TieWordEmbeddings,
            ["attention_bias"] = QueryKeyValueBias,
            ["mlp_bias"] = MlpBias,
            ["initializer_range"] = InitializerRange,
            ["bos_token_id"] = bosTokenId,
            ["eos_token_id"] = eosTokenId,
            ["torch_dtype"] = torchDtype,
        };
        File.WriteAllText(path, json.ToJsonString(Indented) + "\n");
    }

    private static int ReadKeyValueHeads(JsonConfigReader file, ModelFamily family, int heads)
    {
        // null is as many as query heads, unlike an absent key.
        var keyValueHeads = file.GetInt32("num_key_value_heads", 1, heads, file.IsNull("num_key_value_heads") ? heads : family.KeyValueHeads ?? heads);
        return heads % keyValueHeads == 0
            ? keyValueHeads
            : throw file.Error("num_key_value_heads", $"{keyValueHeads} does not divide num_attention_heads {heads}");
    }

    private static int ReadHeadDim(JsonConfigReader file, ModelFamily family, int hidden, int heads)
    {
        if (!file.Has("head_dim") && family.HeadDim is null && hidden % heads != 0)
        {
            throw file.Error("hidden_size", $"{hidden} is not a multiple of num_attention_heads {heads}, and head_dim is missing");
        }

        var headDim = file.GetInt32("head_dim", 2, 1 << 14, family.HeadDim ?? Math.Max(2, hidden / heads));
        return headDim % 2 == 0
            ? headDim
            : throw file.Error("head_dim", $"{headDim} is odd; rotary embeddings need pairs of channels");
    }

    /// <summary>The section with the scaling of the rotary frequencies and, in newer files, theta; null if there is none.</summary>
    /// <remarks>
    /// As in transformers 5: a <c>rope_scaling</c> that is not empty takes the place of all of <c>rope_parameters</c>, so that theta is then read
    /// from it or from the top level.
    /// </remarks>
    private static JsonConfigReader? FindRope(JsonConfigReader file) =>
        new[] { file.GetSection("rope_scaling"), file.GetSection("rope_parameters") }.FirstOrDefault(section => section is not null && section.Keys.Any());

    /// <remarks>A text up to the width of the window is computed as without it, so the window limits the tokens instead of the attention.</remarks>
    private static int ReadMaxPositions(JsonConfigReader file, ModelFamily family)
    {
        var positions = file.GetInt32("max_position_embeddings", 1, 1 << 26, family.MaxPositionEmbeddings);
        return family.SlidingWindow is null || file.IsNull("sliding_window")
            ? positions
            : Math.Min(positions, file.GetInt32("sliding_window", 1, 1 << 26, family.SlidingWindow));
    }

    private static void RejectSlidingLayers(JsonConfigReader file)
    {
        file.RejectIfSet("use_sliding_window", "every token attends to all before it");
        if (file.GetStrings("layer_types")?.FirstOrDefault(type => type != "full_attention") is { } other)
        {
            throw file.Error("layer_types", $"\"{other}\" is not supported; only \"full_attention\" is");
        }
    }

    private static void RejectPartialRotation(JsonConfigReader? section)
    {
        if (section is not null && section.GetDouble("partial_rotary_factor", 0, 1, 1) != 1)
        {
            throw section.Error("partial_rotary_factor", "is not supported: a Llama rotates every channel of a head");
        }
    }

    private static double ReadRopeTheta(JsonConfigReader file, JsonConfigReader? rope)
    {
        var section = rope is not null && rope.Has("rope_theta") ? rope : file;
        return section.GetDouble("rope_theta", 1, 1e12, 10_000);
    }
}

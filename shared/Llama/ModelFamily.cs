namespace Serverless.Llama;

/// <summary>
/// An architecture of transformers that is a Llama but for the data below, by the <c>model_type</c> of its <c>config.json</c>. The defaults are
/// those of its configuration class, for keys that a file lacks.
/// </summary>
/// <remarks>
/// What is fixed by an architecture and what a key of its file decides differ: <c>attention_bias</c> gives Llama and Qwen3 biases on all four
/// projections, Qwen2 always has those of queries, keys and values, and both others have none whatever the file says.
/// </remarks>
internal sealed record ModelFamily(string ModelType)
{
    private static readonly ModelFamily[] All =
    [
        new("llama") { ReadsAttentionBias = true, ReadsMlpBias = true }, // Llama 2 and 3, SmolLM2, TinyLlama
        new("mistral") { KeyValueHeads = 8, MaxPositionEmbeddings = 131_072, SlidingWindow = 4096 },
        new("qwen2") { HasQueryKeyValueBias = true, KeyValueHeads = 32, MaxPositionEmbeddings = 32_768 }, // Qwen2 and Qwen2.5
        new("qwen3") { ReadsAttentionBias = true, HasQueryKeyNorm = true, HeadDim = 128, KeyValueHeads = 32, MaxPositionEmbeddings = 32_768 },
    ];

    /// <summary>Whether <c>attention_bias</c> gives biases to the projections of queries, keys, values and the output.</summary>
    public bool ReadsAttentionBias { get; init; }

    /// <summary>Whether <c>mlp_bias</c> gives biases to the layers of the MLP.</summary>
    public bool ReadsMlpBias { get; init; }

    /// <summary>Whether the projections of queries, keys and values have biases.</summary>
    public bool HasQueryKeyValueBias { get; init; }

    /// <summary>Whether each head of queries and keys is normalized before it is rotated.</summary>
    public bool HasQueryKeyNorm { get; init; }

    /// <summary>Width of a head; null for <c>hidden_size / num_attention_heads</c>.</summary>
    public int? HeadDim { get; init; }

    /// <summary>Key and value heads; null for as many as there are query heads.</summary>
    public int? KeyValueHeads { get; init; }

    public int MaxPositionEmbeddings { get; init; } = 2048;

    /// <summary>The tokens that each token attends to, for a file that says nothing; null for all.</summary>
    public int? SlidingWindow { get; init; }

    /// <exception cref="InvalidDataException">The architecture is not supported.</exception>
    public static ModelFamily Read(JsonConfigReader file)
    {
        var type = file.GetString("model_type") ?? "llama";
        return All.SingleOrDefault(family => family.ModelType == type) ?? throw file.Error(
            "model_type",
            $"\"{type}\" is not supported; supported are llama (also SmolLM2 and TinyLlama), mistral, qwen2 (also Qwen2.5) and qwen3, without experts");
    }
}

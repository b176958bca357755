using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Serverless.Trainer.Training;

/// <summary>The setting <c>class_weights</c>: how much a row of each label counts in the loss.</summary>
/// <remarks>
/// A loss is divided by the sum of its rows' weights, as the mean of PyTorch's <c>cross_entropy</c> with <c>weight</c> is, so that the scale of
/// the weights does not change the learning rate. The sum is that of one optimizer step: a rare label needs steps of enough articles to stand
/// in most of them. At a label with a twentieth of the rows, steps of 8 articles lift the recall of a toy task to 0.4, steps of 64 to 0.7.
/// </remarks>
[JsonConverter(typeof(ClassWeightsConverter))]
internal sealed class ClassWeights : IEquatable<ClassWeights>
{
    /// <summary>The accepted values, for messages.</summary>
    public const string Accepted = "none, balanced, or an object with weights above 0 by label, such as {\"Health\": 5}";

    private static readonly JsonDocumentOptions StrictJson = new() { AllowDuplicateProperties = false };

    // "none", "balanced", or the JSON of the table.
    private readonly string text;
    private readonly SortedDictionary<string, double> table;

    private ClassWeights(string text, SortedDictionary<string, double> table)
    {
        this.text = text;
        this.table = table;
    }

    /// <summary>All rows count alike.</summary>
    public static ClassWeights None { get; } = new("none", []);

    /// <summary>A row's weight is inverse to the number of its label's rows, as scikit-learn's <c>class_weight="balanced"</c> is.</summary>
    public static ClassWeights Balanced { get; } = new("balanced", []);

    /// <summary>Reads a value of the setting.</summary>
    /// <param name="text">A word, or a table as JSON.</param>
    /// <exception cref="JsonException">It is not one of the <see cref="Accepted"/> values.</exception>
    public static ClassWeights Parse(string text) => text switch
    {
        "none" => None,
        "balanced" => Balanced,
        ['{', ..] => FromTable(JsonNode.Parse(text, documentOptions: StrictJson)!.AsObject()),
        _ => throw new JsonException(),
    };

    /// <summary>Computes the weight of each label.</summary>
    /// <param name="labels">The labels, in the order of the head's rows.</param>
    /// <param name="rows">The number of rows to train on of each label.</param>
    /// <returns>Null if all rows count alike.</returns>
    /// <exception cref="InvalidTrainOptionsException">The table names a label that the data set does not have.</exception>
    public float[]? Compute(IReadOnlyList<string> labels, IReadOnlyList<int> rows)
    {
        if (table.Keys.FirstOrDefault(label => !labels.Contains(label)) is { } unknown)
        {
            throw new InvalidTrainOptionsException(
                $"class_weights has the label '{unknown}', but no row to train on has it; the labels are {string.Join(", ", labels)}.");
        }

        if (Equals(None))
        {
            return null;
        }

        var all = rows.Sum();
        return Equals(Balanced)
            ? [.. rows.Select(count => (float)((double)all / (labels.Count * count)))]
            : [.. labels.Select(label => (float)table.GetValueOrDefault(label, 1))];
    }

    public JsonNode ToJson() => table.Count == 0 ? JsonValue.Create(text) : JsonNode.Parse(text)!;

    public override string ToString() => text;

    public bool Equals(ClassWeights? other) => text == other?.text;

    public override bool Equals(object? obj) => Equals(obj as ClassWeights);

    public override int GetHashCode() => text.GetHashCode(StringComparison.Ordinal);

    private static ClassWeights FromTable(JsonObject weights)
    {
        var table = new SortedDictionary<string, double>(StringComparer.Ordinal);
        foreach (var (label, node) in weights)
        {
            table[label] = node is JsonValue value && value.TryGetValue<double>(out var weight) && weight > 0 && float.IsFinite((float)weight)
                ? weight
                : throw new JsonException();
        }

        return table.Count == 0 ? throw new JsonException() : new ClassWeights(JsonSerializer.Serialize(table), table);
    }

    private sealed class ClassWeightsConverter : JsonConverter<ClassWeights>
    {
        public override ClassWeights Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            JsonNode.Parse(ref reader) switch
            {
                JsonObject table => FromTable(table),
                JsonValue value when value.TryGetValue<string>(out var text) => Parse(text),
                _ => throw new JsonException(),
            };

        public override void Write(Utf8JsonWriter writer, ClassWeights value, JsonSerializerOptions options) => value.ToJson().WriteTo(writer);
    }
}

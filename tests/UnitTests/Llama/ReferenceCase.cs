using System.Text.Json;

namespace Serverless.UnitTests.Llama;

/// <summary>A padded batch and the logits that transformers gives for it.</summary>
/// <param name="Base">The fixture base of an adapter; null in the case of a base.</param>
/// <param name="InputIds">Token ids, padded on the right.</param>
/// <param name="Logits">fp32 logits of each row.</param>
internal sealed record ReferenceCase(string? Base, int[][] InputIds, float[][] Logits)
{
    private const int Pad = 95; // eos, as in the recipe; the same in every fixture

    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    /// <summary>The rows up to their last token that is not padding, which is the one that transformers pools.</summary>
    public IReadOnlyList<int[]> Rows => WithoutPadding(InputIds);

    public static ReferenceCase Read(params string[] folder) => Read<ReferenceCase>(folder);

    public static T Read<T>(params string[] folder) =>
        JsonSerializer.Deserialize<T>(File.ReadAllText(Repository.Fixture([.. folder, "case.json"])), Json)!;

    public static IReadOnlyList<int[]> WithoutPadding(int[][] ids) =>
        [.. ids.Select(row => row[..(Array.FindLastIndex(row, id => id != Pad) + 1)])];
}

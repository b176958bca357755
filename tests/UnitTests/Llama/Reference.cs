using Serverless.Llama;
using Serverless.Llama.Files;
using static TorchSharp.torch;

namespace Serverless.UnitTests.Llama;

/// <summary>Opens the golden fixtures with this project's code.</summary>
internal static class Reference
{
    public static TheoryData<string> Bases => Names("bases");

    public static TheoryData<string> Adapters => Names("adapters");

    /// <summary>The weights of a fixture base. The fixtures have no tokenizer, which a real folder has.</summary>
    public static LlamaWeights Weights(string name, ScalarType dtype)
    {
        using var folder = new TemporaryFolder();
        foreach (var file in Directory.EnumerateFiles(Repository.Fixture("bases", name)))
        {
            File.Copy(file, Path.Combine(folder.Path, Path.GetFileName(file)));
        }

        folder.File("tokenizer.json", "{}");
        return HuggingFaceFolder.Open(folder.Path).LoadWeights(dtype);
    }

    public static LlamaForSequenceClassification Adapted(LlamaWeights weights, string adapterName)
    {
        using var adapter = PeftAdapter.Read(Repository.Fixture("adapters", adapterName));
        var model = new LlamaForSequenceClassification(weights);
        adapter.ApplyTo(model);
        return model;
    }

    public static float[][] Logits(LlamaForSequenceClassification model, IReadOnlyList<int[]> rows)
    {
        using var scope = NewDisposeScope();
        using var guard = no_grad();
        using var batch = PackedBatch.Create(rows, CPU);
        var logits = model.Forward(batch);
        return [.. logits.data<float>().ToArray().Chunk((int)logits.shape[1])];
    }

    public static void AssertClose(float[][] expected, float[][] actual, double tolerance)
    {
        Assert.Equal(expected.Length, actual.Length);
        foreach (var (expectedRow, actualRow, row) in expected.Zip(actual, Enumerable.Range(0, expected.Length)))
        {
            var difference = expectedRow.Zip(actualRow, (x, y) => Math.Abs(x - y)).Max();
            Assert.True(
                difference <= tolerance,
                $"Row {row} differs by {difference}: expected [{string.Join(", ", expectedRow)}], got [{string.Join(", ", actualRow)}].");
        }
    }

    private static TheoryData<string> Names(string kind) =>
        [.. Directory.EnumerateDirectories(Repository.Fixture(kind)).Select(folder => Path.GetFileName(folder)).Order()];
}

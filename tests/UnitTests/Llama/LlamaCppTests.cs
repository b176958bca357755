using System.Diagnostics;
using System.Text.Json;
using Serverless.Llama;
using Serverless.Llama.Files;
using static TorchSharp.torch;

namespace Serverless.UnitTests.Llama;

/// <summary>The hidden states that llama.cpp computes for a toy of each family, from fixtures that it made (node-llama-cpp 3.22.1).</summary>
/// <remarks>
/// To make them again: <c>npm install --no-save --omit=optional --ignore-scripts --prefix tests/benchmarks/peer</c>, then run this class with
/// <c>SERVERLESS_WRITE_FIXTURES=1</c>. Where the package is installed, the fixtures are held against it.
/// </remarks>
public sealed class LlamaCppTests : IDisposable
{
    private const double Tolerance = 1e-4;

    private static readonly string Peer = Path.Combine(Repository.Root, "tests", "benchmarks", "peer");

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [MemberData(nameof(ToyFamily.All), MemberType = typeof(ToyFamily))]
    public void The_hidden_state_of_the_last_token_is_that_of_llama_cpp(string family)
    {
        var expected = JsonSerializer.Deserialize<float[][]>(File.ReadAllText(Repository.Fixture("families", $"{family}.json")))!;
        using var weights = ToyFamily.Weights(family);

        var states = HiddenStates(weights);

        Assert.InRange(expected.SelectMany(row => row).Max(Math.Abs), 1, 20);
        Reference.AssertClose(expected, states, Tolerance);
    }

    [Theory]
    [MemberData(nameof(ToyFamily.All), MemberType = typeof(ToyFamily))]
    public async Task The_fixtures_are_what_llama_cpp_computes(string family)
    {
        Assert.SkipUnless(
            Directory.Exists(Path.Combine(Peer, "node_modules", "node-llama-cpp")),
            "llama.cpp is not installed: npm install --no-save --omit=optional --ignore-scripts --prefix tests/benchmarks/peer.");
        var states = await LlamaCppAsync(family);
        var fixture = Path.Combine(Repository.Root, "tests", "reference", "fixtures", "families", $"{family}.json");
        if (Environment.GetEnvironmentVariable("SERVERLESS_WRITE_FIXTURES") == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(fixture)!);
            var lines = string.Join(",\n", states.Select(row => JsonSerializer.Serialize(row)));
            await File.WriteAllTextAsync(fixture, $"[\n{lines}\n]\n", TestContext.Current.CancellationToken);
        }

        Reference.AssertClose(JsonSerializer.Deserialize<float[][]>(File.ReadAllText(fixture))!, states, 1e-5);
    }

    private static float[][] HiddenStates(LlamaWeights weights)
    {
        using var scope = NewDisposeScope();
        using var guard = no_grad();
        using var model = new LlamaModel(weights, ScalarType.Float32, ScalarType.Float32);
        using var batch = PackedBatch.Create(ToyFamily.Rows(), CPU);
        var states = model.Forward(batch, pooledOnly: true).index_select(0, batch.Order);
        return states.data<float>().ToArray().Chunk((int)states.shape[1]).ToArray();
    }

    private async Task<float[][]> LlamaCppAsync(string family)
    {
        using var weights = ToyFamily.Weights(family);
        SafetensorsWriter.Write(Path.Combine(folder.Path, "model.safetensors"), weights.NamedTensors);
        folder.File("config.json", ToyFamily.ConfigJson(family));
        var start = new ProcessStartInfo("node", [Path.Combine(Peer, "hidden_states.mjs"), folder.Path])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        using var node = Process.Start(start)!;
        await node.StandardInput.WriteAsync(JsonSerializer.Serialize(ToyFamily.Rows()));
        node.StandardInput.Close();
        var output = await node.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await node.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, node.ExitCode);
        return JsonSerializer.Deserialize<float[][]>(output)!;
    }
}

using Microsoft.Extensions.Logging.Abstractions;
using Serverless.Llama.Files;
using Serverless.Models;
using Serverless.Serving;
using TorchSharp;

namespace Serverless.UnitTests.Serving;

public sealed class LoadedModelTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly BaseModel baseModel;

    public LoadedModelTests()
    {
        ToyModel.WriteBase(Path.Combine(folder.Path, "base"));
        baseModel = BaseModel.Open(Path.Combine(folder.Path, "base"), new PrecisionSelector("auto", NullLogger.Instance));
    }

    public void Dispose()
    {
        baseModel.Dispose();
        folder.Dispose();
    }

    [Fact]
    public void Answers_leave_no_tensor_behind()
    {
        using var model = Load("v1", 1);
        int[][] texts = [model.Encode("Oil rises.").Ids, model.Encode("x").Ids];
        model.Probabilities(texts);
        var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;

        for (var i = 0; i < 50; i++)
        {
            model.Probabilities(texts);
        }

        Assert.Equal(before, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }

    [Fact]
    public void A_swap_of_merged_versions_takes_over_the_memory_of_the_one_before()
    {
        using var first = Load("v1", 1);
        Merge(first, previous: null);
        using var second = Load("v2", 2);
        var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;

        Merge(second, first);

        Assert.Equal(before, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }

    [Fact]
    public void A_merge_that_is_half_done_answers_as_before()
    {
        using var model = Load("v1", 1);
        int[][] texts = [model.Encode("Oil rises.").Ids];
        var beside = model.Probabilities(texts)[0];

        foreach (var _ in model.MergeSteps(previous: null))
        {
            var now = model.Probabilities(texts)[0];
            Assert.Equal(beside[0], now[0], 0.02); // bf16
        }
    }

    [Fact]
    public void The_temperature_makes_scores_milder_and_keeps_their_order()
    {
        using var mild = Load("v1", 1, temperature: 10);
        using var sharp = Load("v2", 1, temperature: 0.1);
        int[][] texts = [mild.Encode("Oil rises.").Ids];

        var (low, high) = (mild.Probabilities(texts)[0], sharp.Probabilities(texts)[0]);

        Assert.True(low.Max() < high.Max());
        Assert.Equal(Array.IndexOf(low, low.Max()), Array.IndexOf(high, high.Max()));
    }

    [Fact]
    public void Weights_that_are_no_numbers_are_found_before_they_answer()
    {
        using var model = Load("v1", 1, temperature: double.Epsilon); // logits over almost nothing overflow

        Assert.Contains("not finite", Assert.Throws<InvalidDataException>(model.SmokeTest).Message);
    }

    private LoadedModel Load(string version, int seed, double temperature = 1)
    {
        var adapter = Path.Combine(folder.Path, version);
        ToyModel.WriteAdapter(adapter, seed, "a", "b", "c");
        new ClassifierMetadata(["a", "b", "c"], 64, temperature).Write(adapter);
        return baseModel.Load(new LocalVersion("news", version, adapter, new ModelManifest(ToyModel.Base, DateTimeOffset.UnixEpoch, new Dictionary<string, string>())));
    }

    private static void Merge(LoadedModel model, LoadedModel? previous)
    {
        foreach (var _ in model.MergeSteps(previous))
        {
        }
    }
}

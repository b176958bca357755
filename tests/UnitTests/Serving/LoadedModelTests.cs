using Microsoft.Extensions.Logging.Abstractions;
using Serverless.Llama.Files;
using Serverless.Models;
using Serverless.Serving;
using TorchSharp;

namespace Serverless.UnitTests.Serving;

public sealed class LoadedModelTests : IAsyncLifetime
{
    private readonly TemporaryFolder folder = new();
    private BaseModel baseModel = null!;

    public async ValueTask InitializeAsync()
    {
        ToyModel.WriteBase(Path.Combine(folder.Path, "base"));
        baseModel = await BaseModel.OpenAsync(Path.Combine(folder.Path, "base"), new PrecisionSelector(PrecisionSetting.Auto, NullLogger.Instance));
    }

    public ValueTask DisposeAsync()
    {
        baseModel.Dispose();
        folder.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public void Predictions_leave_no_tensor_behind()
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
    public void A_merge_reuses_the_memory_of_the_retired_version()
    {
        using var first = Load("v1", 1);
        Merge(first, previous: null);
        using var second = Load("v2", 2);
        var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;

        Merge(second, first);

        Assert.Equal(before, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }

    [Fact]
    public void A_merge_that_is_half_done_predicts_as_before()
    {
        using var model = Load("v1", 1);
        int[][] texts = [model.Encode("Oil rises.").Ids];
        var beside = model.Probabilities(texts)[0];

        var merge = model.StartMerge(previous: null);
        while (merge.Step())
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

        var low = mild.Probabilities(texts)[0];
        var high = sharp.Probabilities(texts)[0];

        Assert.True(low.Max() < high.Max());
        Assert.Equal(Array.IndexOf(low, low.Max()), Array.IndexOf(high, high.Max()));
    }

    [Fact]
    public void The_smoke_test_finds_logits_that_are_not_finite()
    {
        using var model = Load("v1", 1, temperature: double.Epsilon); // logits over almost nothing overflow

        Assert.Contains("not finite", Assert.Throws<InvalidDataException>(model.SmokeTest).Message);
    }

    private LoadedModel Load(string version, int seed, double temperature = 1)
    {
        var adapter = Path.Combine(folder.Path, version);
        ToyModel.WriteAdapter(adapter, seed, "a", "b", "c");
        new ClassifierMetadata(["a", "b", "c"], 64, temperature).Write(adapter);
        var manifest = new ModelManifest(ToyModel.Base, DateTimeOffset.UnixEpoch, new Dictionary<string, string>());
        return baseModel.Load(new LocalVersion("news", version, adapter, manifest));
    }

    private static void Merge(LoadedModel model, LoadedModel? previous)
    {
        var merge = model.StartMerge(previous);
        while (merge.Step())
        {
        }
    }
}

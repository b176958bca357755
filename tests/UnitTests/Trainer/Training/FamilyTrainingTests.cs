using System.Text.Json.Nodes;
using Serverless.Llama.Files;
using Serverless.Trainer.Data;
using Serverless.Trainer.Evaluation;
using Serverless.Trainer.Progress;
using Serverless.Trainer.Training;
using Serverless.UnitTests.Llama;
using static TorchSharp.torch;

namespace Serverless.UnitTests.Trainer.Training;

/// <summary>A base folder of each family is trained, stopped, resumed and read again.</summary>
[Collection(nameof(TrainingLoopTests))]
public sealed class FamilyTrainingTests : IDisposable
{
    private static readonly TrainOptions Options = ToyTask.Options with { SaveSteps = 7, EvalSteps = 20, MinSteps = 40, LoraDropout = 0.1, TokenDropout = 0.1 };

    private readonly TemporaryFolder folder = new();

    private string Base => Path.Combine(folder.Path, "base");

    public void Dispose() => folder.Dispose();

    [Theory]
    [MemberData(nameof(ToyFamily.All), MemberType = typeof(ToyFamily))]
    public async Task A_training_that_was_stopped_ends_in_the_same_adapter_bit_by_bit(string family)
    {
        WriteBase(family);
        var never = Train(await DataAsync(), "never");
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var data = await DataAsync();

        Assert.ThrowsAny<OperationCanceledException>(() => Train(data, "stopped", stop));
        Train(data, "stopped");

        Assert.Equal(Adapter("never"), Adapter("stopped"));
        AssertSameAnswers(data, never, "stopped");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_head_of_a_checkpoint_is_continued_where_the_labels_are_the_same(bool sameLabels)
    {
        WriteBase("qwen3", labels: sameLabels ? ["right", "left"] : ["right", "wrong"]);
        var data = await DataAsync();
        var folderOfBase = HuggingFaceFolder.Open(Base);
        using var weights = folderOfBase.LoadWeights(ScalarType.Float32);
        using var model = new Serverless.Llama.LlamaForSequenceClassification(weights);

        var rows = folderOfBase.FindHeadRows(["left", "right"]);
        model.AddLora(Options.Lora, 2, seed: 1, rows);

        Assert.Equal(sameLabels ? [1L, 0L] : null, rows);
        using var swapped = weights.Head!.index_select(0, tensor(new long[] { 1, 0 }));
        Assert.Equal(sameLabels, swapped.allclose(model.TrainableParameters[^1].Value));
        Assert.Equal(2, Train(data, "adapter").Metrics.HeldOut.PerLabel.Count);
    }

    private static async Task<DataSet> LoadAsync(string path) => await DataSet.LoadAsync(path, 0.2, cancellationToken: TestContext.Current.CancellationToken);

    private Task<DataSet> DataAsync() => LoadAsync(folder.File("toy.csv", ToyTask.Csv(150, seed: 1)));

    /// <summary>The toy of a family with a token for each byte; that of Qwen has no begin-of-text and composes characters.</summary>
    private void WriteBase(string family, string[]? labels = null)
    {
        ToyModel.WriteBase(Base);
        var config = JsonNode.Parse(ToyFamily.ConfigJson(family))!;
        using var weights = ToyFamily.Weights(family, ScalarType.BFloat16);
        IEnumerable<(string, Tensor)> tensors = weights.NamedTensors;
        if (labels is not null)
        {
            config["id2label"] = new JsonObject(labels.Select((label, row) => KeyValuePair.Create($"{row}", (JsonNode?)label)));
            tensors = tensors.Append(("score.weight", randn(labels.Length, weights.Config.HiddenSize)));
        }

        SafetensorsWriter.Write(Path.Combine(Base, "model.safetensors"), tensors);
        folder.File("base/config.json", config.ToJsonString());
        if (family.StartsWith("qwen", StringComparison.Ordinal))
        {
            var tokenizer = JsonNode.Parse(File.ReadAllText(Path.Combine(Base, "tokenizer.json")))!;
            tokenizer["post_processor"] = null;
            tokenizer["normalizer"] = JsonNode.Parse("""{"type":"NFC"}""");
            folder.File("base/tokenizer.json", tokenizer.ToJsonString());
        }
    }

    /// <param name="stop">Cancelled after the second checkpoint.</param>
    private FineTuneResult Train(DataSet data, string output, CancellationTokenSource? stop = null)
    {
        var checkpoints = 0;
        var fineTune = new FineTune(data, Options, Base, ToyModel.Base, new AdapterFolder(Path.Combine(folder.Path, output)))
        {
            Checkpointed = () =>
            {
                if (++checkpoints == 2)
                {
                    stop?.Cancel();
                }
            },
        };
        var result = fineTune.Run(
            TextWriter.Null, new PlainProgress(TextWriter.Null, 1), TimeProvider.System, stop?.Token ?? TestContext.Current.CancellationToken);
        fineTune.Commit();
        return result;
    }

    private byte[] Adapter(string output) => File.ReadAllBytes(Path.Combine(folder.Path, output, PeftAdapter.WeightsFileName));

    private void AssertSameAnswers(DataSet data, FineTuneResult result, string output)
    {
        using var classifier = TrainedClassifier.Open(Base, Path.Combine(folder.Path, output), "fp32", TextWriter.Null);
        var logits = classifier.Logits(data.HeldOut.Select(row => row.Text), TestContext.Current.CancellationToken);
        var again = new Predictions(logits, [.. data.HeldOut.Select(row => data.Labels.ToList().IndexOf(row.Label))]);
        Assert.Equal(result.Metrics.HeldOut.Loss, again.Loss(), 1e-5);
    }
}

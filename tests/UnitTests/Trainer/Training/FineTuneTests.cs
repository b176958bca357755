using System.Text.Json;
using System.Text.Json.Nodes;
using Serverless.Trainer.Data;
using Serverless.Trainer.Evaluation;
using Serverless.Trainer.Progress;
using Serverless.Trainer.Reports;
using Serverless.Trainer.Training;

namespace Serverless.UnitTests.Trainer.Training;

[Collection(nameof(TrainingLoopTests))]
public sealed class FineTuneTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task What_was_trained_and_saved_gives_the_same_answers_when_it_is_read_again()
    {
        var (data, result) = await TrainAsync();

        using var classifier = TrainedClassifier.Open(Base, Output, "fp32", TextWriter.Null);
        var logits = classifier.Logits(data.HeldOut.Select(row => row.Text), TestContext.Current.CancellationToken);
        var again = new Predictions(logits, [.. data.HeldOut.Select(row => data.Labels.ToList().IndexOf(row.Label))]);

        Assert.Equal(result.Metrics.HeldOut.Loss, again.Loss(), 1e-5);
        Assert.Equal(result.HeldOutLabels, Enumerable.Range(0, again.Count).Select(row => classifier.Labels[again.Predicted(row)]));
        Assert.Equal(result.Metrics.HeldOut.Temperature, classifier.Temperature);
    }

    [Fact]
    public async Task The_adapter_folder_says_how_it_was_made_and_how_good_it_is()
    {
        var (_, result) = await TrainAsync();

        var metrics = JsonNode.Parse(File.ReadAllText(Path.Combine(Output, "metrics.json")))!;
        var recipe = JsonSerializer.Deserialize<JsonObject>(File.ReadAllText(Path.Combine(Output, "training.json")))!;

        Assert.Equal(result.Metrics.HeldOut.Accuracy, (double)metrics["heldOut"]!["accuracy"]!);
        Assert.Equal(ToyTask.Options, TrainOptionsLoader.Resolve(("training.json", recipe)));
        Assert.Equal(
            [
                "adapter_config.json", "adapter_model.safetensors", "confusion_matrix.png", "labels.json", "learning_curves.png", "metrics.json",
                "reliability.png", "report.html", "token_lengths.png", "training.json",
            ],
            Directory.GetFiles(Output).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Empty(Directory.GetDirectories(folder.Path, "*.tmp"));
    }

    [Fact]
    public async Task A_max_length_beyond_the_positions_of_the_base_is_refused_before_the_training()
    {
        var error = await Assert.ThrowsAsync<InvalidTrainOptionsException>(() => TrainAsync(options: ToyTask.Options with { MaxLength = 2049 }));

        Assert.Contains("max_length is 2049, but the base reads at most 2048 tokens", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_resolved_settings_are_told_first()
    {
        using var log = new StringWriter();

        await TrainAsync(log: log);

        Assert.StartsWith($"options {ToyTask.Options.ToJson()}", log.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Test_rows_are_measured_and_decide_nothing()
    {
        var rows = ToyTask.Csv(150, seed: 1).Replace("label\n", "label,split\n", StringComparison.Ordinal)
            .Replace("left\n", "left,train\n", StringComparison.Ordinal).Replace("right\n", "right,train\n", StringComparison.Ordinal);
        string WithTest(string even, string odd) => rows + ToyTask.Rows(40, new Random(2), i => $"{(i % 2 == 0 ? even : odd)},test");

        var good = await TrainAsync(WithTest("left", "right"));
        var adapter = File.ReadAllBytes(Path.Combine(Output, "adapter_model.safetensors"));
        var wrong = await TrainAsync(WithTest("right", "left"));

        Assert.Equal(adapter, File.ReadAllBytes(Path.Combine(Output, "adapter_model.safetensors")));
        Assert.Equal(good.Result.Metrics.HeldOut.Temperature, wrong.Result.Metrics.HeldOut.Temperature);
        Assert.Equal((40, 150), (good.Result.Metrics.Test!.Rows, good.Data.Train.Count + good.Data.HeldOut.Count));
        Assert.Equal(1, good.Result.Metrics.Test.Accuracy + wrong.Result.Metrics.Test!.Accuracy, 9);
        Assert.True(good.Result.Metrics.Test.Accuracy > 0.8, $"accuracy {good.Result.Metrics.Test.Accuracy}");
        Assert.True(File.Exists(Path.Combine(Output, "confusion_matrix_test.png")));
    }

    [Fact]
    public async Task A_training_that_diverged_leaves_no_checkpoint_in_the_way_of_other_settings()
    {
        await Assert.ThrowsAsync<TrainingDivergedException>(() => TrainAsync(options: ToyTask.Options with { LearningRate = 1e38, SaveSteps = 1 }));

        Assert.Equal(0.01, (await TrainAsync()).Result.Options.LearningRate);
    }

    [Fact]
    public async Task A_folder_that_holds_something_else_is_not_replaced()
    {
        folder.File("adapter/diary.txt", "dear diary");

        var refusal = await Assert.ThrowsAsync<UserException>(() => TrainAsync());

        Assert.Contains("--output", refusal.Message, StringComparison.Ordinal);
    }

    private string Base => Path.Combine(folder.Path, "base");

    private string Output => Path.Combine(folder.Path, "adapter");

    private async Task<(DataSet Data, FineTuneResult Result)> TrainAsync(string? csv = null, TrainOptions? options = null, TextWriter? log = null)
    {
        ToyModel.WriteBase(Base);
        var data = await DataSet.LoadAsync(
            folder.File("toy.csv", csv ?? ToyTask.Csv(150, seed: 1)), 0.2, cancellationToken: TestContext.Current.CancellationToken);
        var fineTune = new FineTune(data, options ?? ToyTask.Options, Base, ToyModel.Base, new AdapterFolder(Output));
        var result = fineTune.Run(
            log ?? TextWriter.Null, new PlainProgress(TextWriter.Null, 1), TimeProvider.System, TestContext.Current.CancellationToken);
        AdapterReport.Write(fineTune.Output.StagingPath, result);
        fineTune.Commit();
        return (data, result);
    }
}

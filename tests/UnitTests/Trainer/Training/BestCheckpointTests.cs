using Serverless.Trainer.Data;
using Serverless.Trainer.Evaluation;
using Serverless.Trainer.Training;
using static TorchSharp.torch;

namespace Serverless.UnitTests.Trainer.Training;

/// <summary>Which evaluations a training has, which of them is the best, and where it ends early.</summary>
[Collection(nameof(TrainingLoopTests))]
public sealed class BestCheckpointTests
{
    private static readonly Article[] TrainRows = ToyTask.Articles(200, seed: 1);

    // Swapped labels: their loss rises while the training rows are learnt.
    private static readonly Article[] Swapped = [.. ToyTask.Articles(60, seed: 2).Select(article => article with { Label = 1 - article.Label })];

    [Theory]
    [InlineData("loss", 3)]
    [InlineData("accuracy", 1)]
    [InlineData("macro_f1", 2)]
    public void The_checkpoint_that_is_best_by_the_metric_is_kept(string metric, int expected)
    {
        using var weights = ToyTask.Weights();
        using var model = ToyTask.Model(weights, ToyTask.Options);
        using var best = new BestCheckpoint(model.TrainableParameters, metric);
        var score = model.TrainableParameters[^1].Value;
        EvaluationPoint[] points = [new(1, 0.5, 0.9, 0.5), new(2, 0.45, 0.8, 0.7), new(3, 0.4, 0.8, 0.6), new(4, double.NaN, 0.7, 0.4), new(5, 0.6, 0.9, 0.7)];
        foreach (var point in points)
        {
            Fill(score, point.Step);
            best.Update(point);
        }

        best.Restore();

        Assert.Equal(expected, best.Evaluation!.Step);
        Assert.All(score.data<float>().ToArray(), value => Assert.Equal(expected, value));
    }

    [Theory]
    [InlineData(25, 500, 2)] // 12 evaluations and the last step
    [InlineData(25, 1, 1)]
    [InlineData(60, 4, 4)]
    [InlineData(4, 500, 1)]
    public void A_training_has_ten_evaluations_or_one_at_each_step(int steps, int evalSteps, int interval)
    {
        var options = ToyTask.Options with { EvalSteps = evalSteps, MinSteps = 0, NumTrainEpochs = steps * 8 / 200.0 };

        var (_, summary) = Train(options, checkpoint: null, stopAt: null);

        Assert.Equal(
            Enumerable.Range(1, steps).Where(step => step % interval == 0 || step == steps),
            summary.Curve.Select(point => point.HeldOut?.Step).OfType<int>());
    }

    [Fact]
    public void A_flat_curve_ends_the_training_after_its_patience()
    {
        var (_, summary) = Train(ToyTask.Options with { LearningRate = 1e-30, EarlyStoppingPatience = 3 }, checkpoint: null, stopAt: null);

        Assert.Equal((24, 6), (summary.Steps, summary.BestStep));
        Assert.Equal("stopped early at step 24 of 60: 3 evaluations after that of step 6 had no better loss", summary.EarlyStop);
        Assert.Null(Train(ToyTask.Options with { LearningRate = 1e-30 }, checkpoint: null, stopAt: null).Summary.EarlyStop);
    }

    [Theory]
    [InlineData(3)] // before the first evaluation
    [InlineData(13)]
    [InlineData(23)] // one step before the end
    [InlineData(24)] // after it, before the adapter is written
    public void A_stopped_training_ends_early_at_the_same_step_with_the_same_adapter(int stopAt)
    {
        using var folder = new TemporaryFolder();
        var options = ToyTask.Options with { LoraDropout = 0.2, EarlyStoppingPatience = 3 };
        var never = Train(options, checkpoint: null, stopAt: null);
        var checkpoint = Checkpoint(folder, options);
        if (stopAt < never.Summary.Steps)
        {
            Assert.Throws<OperationCanceledException>(() => { Train(options, checkpoint, stopAt); });
        }
        else
        {
            Train(options, checkpoint, stopAt);
        }

        var resumed = Train(options, checkpoint, stopAt: null);

        Assert.Equal((24, 6), (never.Summary.Steps, never.Summary.BestStep));
        Assert.Equal(never.Summary.EarlyStop, resumed.Summary.EarlyStop);
        Assert.Equal(never.Summary.Curve, resumed.Summary.Curve);
        Assert.Equal(never.Adapter, resumed.Adapter);
    }

    private static void Fill(Tensor tensor, double value)
    {
        using var noGrad = no_grad();
        tensor.fill_(value);
    }

    private static TrainingCheckpoint Checkpoint(TemporaryFolder folder, TrainOptions options)
    {
        using var weights = ToyTask.Weights();
        var data = new EncodedDataSet(["left", "right"], TrainRows, Swapped, Test: [], Truncated: 0, Lengths: []);
        return new TrainingCheckpoint(Path.Combine(folder.Path, "adapter.checkpoint"), TrainingFingerprint.Compute(options, ToyTask.Hardware, data, weights));
    }

    /// <param name="stopAt">The step after which it is cancelled, as Ctrl-C does.</param>
    private static (float[] Adapter, TrainingSummary Summary) Train(TrainOptions options, TrainingCheckpoint? checkpoint, int? stopAt)
    {
        using var stop = new CancellationTokenSource();
        using var weights = ToyTask.Weights();
        using var model = ToyTask.Model(weights, options);
        using var loop = new TrainingLoop(model, options, ToyTask.Hardware, TrainRows, Swapped, checkpoint, TextWriter.Null);
        var summary = loop.Run(new Progress(step => { if (step == stopAt) { stop.Cancel(); } }), TimeProvider.System, stop.Token);
        return ([.. model.TrainableParameters.SelectMany(parameter => parameter.Value.data<float>().ToArray())], summary);
    }

    private sealed class Progress(Action<int> step) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => step(value.Step);
    }
}

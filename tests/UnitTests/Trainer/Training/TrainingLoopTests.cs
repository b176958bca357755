using Serverless.Trainer.Data;
using Serverless.Trainer.Evaluation;
using Serverless.Trainer.Training;
using static TorchSharp.torch;

namespace Serverless.UnitTests.Trainer.Training;

/// <summary>These share libtorch's random numbers and its count of tensors with whatever runs beside them: nothing does.</summary>
[CollectionDefinition(nameof(TrainingLoopTests), DisableParallelization = true)]
[Collection(nameof(TrainingLoopTests))]
public sealed class TrainingLoopTests
{
    private static readonly Article[] TrainRows = ToyTask.Articles(200, seed: 1);
    private static readonly Article[] HeldOut = ToyTask.Articles(60, seed: 2);

    [Fact]
    public void It_learns_the_toy_task()
    {
        using var weights = ToyTask.Weights();
        using var model = ToyTask.Model(weights, ToyTask.Options);
        using var loop = new TrainingLoop(model, ToyTask.Options, ToyTask.Hardware, TrainRows, HeldOut, checkpoint: null, TextWriter.Null);

        var summary = loop.Run(new Progress(), TimeProvider.System, TestContext.Current.CancellationToken);

        var losses = summary.Curve.Select(point => point.Loss).ToArray();
        Assert.True(losses[^10..].Average() < losses[..10].Average() / 2, $"loss from {losses[..10].Average():0.000} to {losses[^10..].Average():0.000}");
        var accuracy = loop.Evaluator.Predict(HeldOut, TestContext.Current.CancellationToken).Accuracy;
        Assert.True(accuracy >= 0.9, $"accuracy {accuracy}");
    }

    [Theory]
    [InlineData(ScalarType.BFloat16)]
    [InlineData(ScalarType.Float16)]
    public void It_learns_over_a_base_of_sixteen_bits(ScalarType type)
    {
        using var weights = ToyTask.Weights(type);
        using var model = ToyTask.Model(weights, ToyTask.Options, type);
        using var loop = new TrainingLoop(model, ToyTask.Options, new Hardware(CPU, type), TrainRows, HeldOut, checkpoint: null, TextWriter.Null);

        var summary = loop.Run(new Progress(), TimeProvider.System, TestContext.Current.CancellationToken);

        var accuracy = loop.Evaluator.Predict(HeldOut, TestContext.Current.CancellationToken).Accuracy;
        Assert.True(accuracy >= 0.9, $"accuracy {accuracy}, {summary.SkippedSteps} steps skipped");
    }

    [Fact]
    public void One_pass_of_sixteen_is_the_same_step_as_four_of_four()
    {
        var inOne = Adapter(ToyTask.Options with { PerDeviceTrainBatchSize = 16, GradientAccumulationSteps = 1 }, steps: 5);
        var inFour = Adapter(ToyTask.Options with { PerDeviceTrainBatchSize = 4, GradientAccumulationSteps = 4 }, steps: 5);

        Assert.All(inOne.Zip(inFour), pair => Assert.Equal(pair.First, pair.Second, 1e-4f));
    }

    [Fact]
    public void The_same_seed_ends_in_the_same_adapter_bit_by_bit_and_another_seed_does_not()
    {
        var options = ToyTask.Options with { LoraDropout = 0.2 };

        var once = Adapter(options, steps: 5);

        Assert.Equal(once, Adapter(options, steps: 5));
        Assert.NotEqual(once, Adapter(options with { Seed = 43 }, steps: 5));
    }

    [Fact]
    public void The_frozen_base_stays_as_it_was()
    {
        using var weights = ToyTask.Weights();
        using var untouched = ToyTask.Weights();

        Steps(weights, ToyTask.Options, 5);

        Assert.All(weights.NamedTensors.Zip(untouched.NamedTensors), pair => Assert.True(equal(pair.First.Value, pair.Second.Value).all().item<bool>(), pair.First.Name));
    }

    [Fact]
    public void Fifty_steps_leave_no_tensor_behind()
    {
        using var weights = ToyTask.Weights();
        using var model = ToyTask.Model(weights, ToyTask.Options);
        using var step = new TrainingStep(model, ToyTask.Options, ToyTask.Hardware, TrainRows, TextWriter.Null);
        step.Run([0, 1, 2, 3], 0.01, 1);
        CollectGarbage();
        var before = Tensor.TotalCount;

        for (var number = 2; number < 52; number++)
        {
            step.Run([.. Enumerable.Range(number, 8)], 0.01, number);
        }

        CollectGarbage();
        Assert.Equal(before, Tensor.TotalCount);
    }

    [Theory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.Float16)] // with the state of the loss scaler
    public void A_training_that_was_stopped_goes_on_as_if_it_had_not_been(ScalarType type)
    {
        using var folder = new TemporaryFolder();
        var options = ToyTask.Options with { LoraDropout = 0.2, TokenDropout = 0.2, EvalSteps = 4, MinSteps = 0, NumTrainEpochs = 1.8 };
        var never = Train(options, checkpoint: null, stopAt: null, type);
        var checkpoint = Checkpoint(folder, options);

        Assert.Throws<OperationCanceledException>(() => { Train(options, checkpoint, stopAt: 30, type); });
        var resumed = Train(options, checkpoint, stopAt: null, type);

        Assert.Equal(never.Adapter, resumed.Adapter);
        Assert.Equal(never.Summary.BestStep, resumed.Summary.BestStep);
        Assert.Equal(never.Summary.Curve, resumed.Summary.Curve);
    }

    [Fact]
    public void A_checkpoint_holds_the_losses_of_steps_that_overflowed()
    {
        using var folder = new TemporaryFolder();
        using var tensor = ones(1);
        CurvePoint[] curve = [new(1, double.NaN, null), new(2, double.PositiveInfinity, null), new(3, 0.5, new EvaluationPoint(3, double.NaN, 0.9))];
        var checkpoint = Checkpoint(folder, ToyTask.Options);

        checkpoint.Save(new TrainingPosition(3, 1, 64, new LossScale(16384, 1, 0, 2), TimeSpan.Zero, curve[^1].HeldOut, curve), [("tensor", tensor)]);

        Assert.Equal(curve, checkpoint.Resume(_ => [("tensor", tensor)])!.Curve);
    }

    [Fact]
    public void A_checkpoint_of_another_training_is_refused_with_what_differs()
    {
        using var folder = new TemporaryFolder();
        Assert.Throws<OperationCanceledException>(() => { Train(ToyTask.Options, Checkpoint(folder, ToyTask.Options), stopAt: 3); });
        var options = ToyTask.Options with { LearningRate = 0.02, LoggingSteps = 7 };

        var refusal = Assert.Throws<UserException>(() => { Train(options, Checkpoint(folder, options), stopAt: null); });

        Assert.Contains("learning_rate was 0.01 and is 0.02.", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("--no-resume", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_checkpoint_of_other_rows_or_of_another_base_is_refused()
    {
        using var weights = ToyTask.Weights();
        using var others = Serverless.Llama.LlamaWeights.Random(ToyModel.Config with { RopeTheta = 500 }, ScalarType.Float32, seed: 1);
        var data = Encoded(TrainRows);

        var fingerprint = TrainingFingerprint.Compute(ToyTask.Options, ToyTask.Hardware, data, weights);

        Assert.Empty(fingerprint.DifferencesFrom(TrainingFingerprint.Compute(ToyTask.Options, ToyTask.Hardware, data, weights)));
        Assert.Contains("rows", string.Join("; ", fingerprint.DifferencesFrom(TrainingFingerprint.Compute(ToyTask.Options, ToyTask.Hardware, Encoded(TrainRows[1..]), weights))), StringComparison.Ordinal);
        Assert.Contains("base", string.Join("; ", fingerprint.DifferencesFrom(TrainingFingerprint.Compute(ToyTask.Options, ToyTask.Hardware, data, others))), StringComparison.Ordinal);
        Assert.Contains("fp16", string.Join("; ", fingerprint.DifferencesFrom(TrainingFingerprint.Compute(ToyTask.Options, new Hardware(CPU, ScalarType.Float16), data, weights))), StringComparison.Ordinal);
    }

    [Fact]
    public void A_training_that_diverges_says_what_to_change()
    {
        var divergence = Assert.Throws<TrainingDivergedException>(() => { Train(ToyTask.Options with { LearningRate = 1e38 }, checkpoint: null, stopAt: null); });

        Assert.Contains("--learning-rate", divergence.Message, StringComparison.Ordinal);
    }

    private static EncodedDataSet Encoded(Article[] train) => new(["left", "right"], train, HeldOut, Test: [], Truncated: 0, Lengths: []);

    private static TrainingCheckpoint Checkpoint(TemporaryFolder folder, TrainOptions options)
    {
        using var weights = ToyTask.Weights();
        return new TrainingCheckpoint(
            TrainingCheckpoint.PathFor(Path.Combine(folder.Path, "adapter")), TrainingFingerprint.Compute(options, ToyTask.Hardware, Encoded(TrainRows), weights));
    }

    /// <param name="stopAt">The step after which it is cancelled, as Ctrl-C does.</param>
    /// <param name="type">Of the frozen base.</param>
    private static (float[] Adapter, TrainingSummary Summary) Train(TrainOptions options, TrainingCheckpoint? checkpoint, int? stopAt, ScalarType type = ScalarType.Float32)
    {
        using var stop = new CancellationTokenSource();
        using var weights = ToyTask.Weights(type);
        using var model = ToyTask.Model(weights, options, type);
        using var loop = new TrainingLoop(model, options, new Hardware(CPU, type), TrainRows, HeldOut, checkpoint, TextWriter.Null);
        var summary = loop.Run(new Progress(step => { if (step == stopAt) { stop.Cancel(); } }), TimeProvider.System, stop.Token);
        return (Values(model), summary);
    }

    private static float[] Adapter(TrainOptions options, int steps)
    {
        using var weights = ToyTask.Weights();
        return Steps(weights, options, steps);
    }

    private static float[] Steps(Serverless.Llama.LlamaWeights weights, TrainOptions options, int steps)
    {
        using var model = ToyTask.Model(weights, options);
        using var loop = new TrainingLoop(model, options with { MinSteps = 0, NumTrainEpochs = (double)steps * options.ArticlesPerStep / TrainRows.Length }, ToyTask.Hardware, TrainRows, HeldOut, checkpoint: null, TextWriter.Null);
        Assert.Equal(steps, loop.Run(new Progress(), TimeProvider.System, TestContext.Current.CancellationToken).Steps);
        return Values(model);
    }

    private static float[] Values(Serverless.Llama.LlamaForSequenceClassification model) =>
        [.. model.TrainableParameters.SelectMany(parameter => parameter.Value.data<float>().ToArray())];

    private static void CollectGarbage()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
    }

    private sealed class Progress(Action<int>? step = null) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => step?.Invoke(value.Step);
    }
}

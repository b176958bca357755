using Serverless.Trainer;
using Serverless.Trainer.Evaluation;
using Serverless.Trainer.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Serverless.UnitTests.Trainer;

/// <summary>These share libtorch's random numbers and its count of tensors with whatever runs beside them: nothing does.</summary>
[CollectionDefinition(nameof(TrainingLoopTests), DisableParallelization = true)]
[Collection(nameof(TrainingLoopTests))]
public sealed class TrainingLoopTests
{
    private static readonly Article[] Train = ToyTask.Articles(200, seed: 1);
    private static readonly Article[] HeldOut = ToyTask.Articles(60, seed: 2);

    [Fact]
    public void It_learns_the_toy_task()
    {
        using var weights = ToyTask.Weights();
        using var model = ToyTask.Model(weights, ToyTask.Options);
        using var loop = new TrainingLoop(model, ToyTask.Options, ToyTask.Hardware, Train, HeldOut);

        var summary = loop.Run(new Progress(), TimeProvider.System, TestContext.Current.CancellationToken);

        var losses = summary.Curve.Select(point => point.Loss).ToArray();
        Assert.True(losses[^10..].Average() < losses[..10].Average() / 2, $"loss from {losses[..10].Average():0.000} to {losses[^10..].Average():0.000}");
        var accuracy = Evaluator.Predict(model, CPU, HeldOut, 16).Accuracy;
        Assert.True(accuracy >= 0.9, $"accuracy {accuracy}");
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

        Assert.All(weights.All.Zip(untouched.All), pair => Assert.True(equal(pair.First.Value, pair.Second.Value).all().item<bool>(), pair.First.Name));
    }

    [Fact]
    public void Fifty_steps_leave_no_tensor_behind()
    {
        using var weights = ToyTask.Weights();
        using var model = ToyTask.Model(weights, ToyTask.Options);
        using var loop = new TrainingLoop(model, ToyTask.Options, ToyTask.Hardware, Train, HeldOut);
        loop.Step([0, 1, 2, 3], 0.01, 1);
        CollectGarbage();
        var before = Tensor.TotalCount;

        for (var step = 0; step < 50; step++)
        {
            loop.Step([.. Enumerable.Range(step, 8)], 0.01, step + 2);
        }

        CollectGarbage();
        Assert.Equal(before, Tensor.TotalCount);
    }

    [Fact]
    public void The_checkpoint_with_the_best_held_out_accuracy_is_kept()
    {
        using var weights = ToyTask.Weights();
        using var model = ToyTask.Model(weights, ToyTask.Options);
        using var best = new BestCheckpoint([.. model.TrainableParameters.Select(parameter => parameter.Value)]);
        var score = model.TrainableParameters[^1].Value;
        var good = score.data<float>().ToArray();
        best.Offer(new EvaluationPoint(1, 0.5, 0.9));
        using (no_grad())
        {
            score.add_(1);
        }

        best.Offer(new EvaluationPoint(2, 0.4, 0.8));
        best.Restore();

        Assert.Equal(1, best.Evaluation!.Step);
        Assert.Equal(good, score.data<float>().ToArray());
    }

    private static float[] Adapter(TrainOptions options, int steps)
    {
        using var weights = ToyTask.Weights();
        return Steps(weights, options, steps);
    }

    private static float[] Steps(Serverless.Model.LlamaWeights weights, TrainOptions options, int steps)
    {
        using var model = ToyTask.Model(weights, options);
        using var loop = new TrainingLoop(model, options with { MinSteps = 0, NumTrainEpochs = (double)steps * options.ArticlesPerStep / Train.Length }, ToyTask.Hardware, Train, HeldOut);
        Assert.Equal(steps, loop.Run(new Progress(), TimeProvider.System, TestContext.Current.CancellationToken).Steps);
        return [.. model.TrainableParameters.SelectMany(parameter => parameter.Value.data<float>().ToArray())];
    }

    private static void CollectGarbage()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
    }

    private sealed class Progress : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value)
        {
        }
    }
}

using Serverless.Llama;
using Serverless.Llama.Files;
using Serverless.Llama.Lora;
using Serverless.Trainer.Training;
using static TorchSharp.torch;
using AdamW = Serverless.Trainer.Training.AdamW;

namespace Serverless.UnitTests.Llama;

/// <summary>Twenty optimizer steps of the recipe follow an explicit loop over a PEFT model.</summary>
public sealed class TrainingStepsTests
{
    private const double Tolerance = 1e-4;

    private sealed record MicroBatch(int[][] InputIds, int[] Labels);

    private sealed record TrainingCase(
        string Base, double LearningRate, double MaxGradNorm, MicroBatch[][] Batches, double[] Losses, double[] GradientNorms);

    [Fact]
    public void Losses_and_the_final_adapter_are_those_of_PEFT()
    {
        var expected = ReferenceCase.Read<TrainingCase>("training");
        using var weights = Reference.Weights(expected.Base, ScalarType.Float32);
        using var model = new LlamaForSequenceClassification(weights);
        Start(model);
        using var optimizer = new AdamW([.. model.TrainableParameters.Select(parameter => parameter.Value)], weightDecay: 0);

        for (var step = 0; step < expected.Losses.Length; step++)
        {
            optimizer.ZeroGradient();
            var loss = Accumulate(model, expected.Batches[step]);
            var norm = optimizer.ClipGradient(expected.MaxGradNorm);
            optimizer.Step(LinearSchedule.LearningRate(step, expected.Losses.Length, expected.LearningRate, warmupRatio: 0));

            Assert.Equal(expected.Losses[step], loss, Tolerance);
            Assert.Equal(expected.GradientNorms[step], norm, 1e-3);
        }

        using var final = PeftAdapter.Read(Repository.Fixture("training", "final"));
        Assert.Equal(final.Tensors.Keys.Order(), model.TrainableParameters.Select(parameter => parameter.Name).Order());
        Assert.All(model.TrainableParameters, parameter =>
        {
            using var difference = (parameter.Value - final.Tensors[parameter.Name]).abs().max();
            Assert.InRange(difference.item<float>(), 0, Tolerance);
        });
    }

    private static void Start(LlamaForSequenceClassification model)
    {
        using var guard = no_grad();
        using var initial = PeftAdapter.Read(Repository.Fixture("training", "initial"));
        model.AddLora(initial.Config, initial.NumLabels, seed: 0);
        foreach (var (name, value) in model.TrainableParameters)
        {
            value.copy_(initial.Tensors[name]);
        }
    }

    /// <summary>The mean loss over the rows of all micro-batches, whose gradients are accumulated.</summary>
    private static double Accumulate(LlamaForSequenceClassification model, MicroBatch[] microBatches)
    {
        var rows = microBatches.Sum(part => part.Labels.Length);
        var loss = 0.0;
        var dropout = LoraDropout.Create(CPU, ScalarType.Float32, seed: 0);
        foreach (var part in microBatches)
        {
            using var scope = NewDisposeScope();
            using var batch = PackedBatch.Create(ReferenceCase.WithoutPadding(part.InputIds), CPU);
            var labels = tensor(part.Labels, int64);
            var share = nn.functional.cross_entropy(model.Forward(batch, dropout), labels, reduction: nn.Reduction.Sum) / rows;
            share.backward();
            loss += share.item<float>();
        }

        return loss;
    }
}

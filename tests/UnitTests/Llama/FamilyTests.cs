using Serverless.Llama;
using Serverless.Llama.Files;
using Serverless.Llama.Kernels;
using Serverless.Llama.Lora;
using Serverless.Trainer.Training;
using TorchSharp;
using static TorchSharp.torch;
using AdamW = Serverless.Trainer.Training.AdamW;

namespace Serverless.UnitTests.Llama;

/// <summary>Each family computes, trains, merges and saves what the published equations say.</summary>
public sealed class FamilyTests : IDisposable
{
    private const double Tolerance = 1e-4;
    private const int Labels = 3;

    private static readonly LoraConfig Lora = new() { Rank = 4, Alpha = 8, Dropout = 0 };

    private readonly TemporaryFolder folder = new();
    private readonly DisposeScope scope = NewDisposeScope();

    public void Dispose()
    {
        scope.Dispose();
        folder.Dispose();
    }

    [Theory]
    [MemberData(nameof(ToyFamily.All), MemberType = typeof(ToyFamily))]
    public void Logits_are_those_of_the_published_equations(string family)
    {
        using var weights = ToyFamily.Weights(family);
        using var model = Adapted(weights);
        var equations = Equations(family, weights, model);

        var logits = Reference.Logits(model, ToyFamily.Rows());

        var expected = ToyFamily.Rows().Select(row => equations.Logits(row).to(float32).data<float>().ToArray()).ToArray();
        Assert.InRange(expected.SelectMany(row => row).Max(Math.Abs), 0.5f, 50);
        Reference.AssertClose(expected, logits, Tolerance);
    }

    [Theory]
    [MemberData(nameof(ToyFamily.All), MemberType = typeof(ToyFamily))]
    public void A_merged_model_gives_the_logits_of_the_one_beside_its_adapter(string family)
    {
        using var weights = ToyFamily.Weights(family);
        using var model = Adapted(weights);
        var beside = Reference.Logits(model, ToyFamily.Rows());

        Merge(model, Precision.Fp32);

        Reference.AssertClose(beside, Reference.Logits(model, ToyFamily.Rows()), Tolerance);
    }

    [Theory]
    [MemberData(nameof(ToyFamily.All), MemberType = typeof(ToyFamily))]
    public void In_bf16_and_int8_the_label_is_the_same_if_the_margin_is_clear(string family)
    {
        Assert.SkipUnless(CpuFeatures.HasVnni, "This processor has no VNNI; the model never computes in int8 on it.");
        using var weights = ToyFamily.Weights(family);
        using var model = Adapted(weights);
        var rows = Enumerable.Range(0, 10).SelectMany(seed => ToyFamily.Rows(seed)).ToArray();
        var expected = Reference.Logits(model, rows);
        using var narrow = ToyFamily.Weights(family, ScalarType.BFloat16);

        foreach (var precision in new[] { Precision.Bf16, Precision.Int8 })
        {
            using var merged = Adapted(narrow);
            Merge(merged, precision);
            var clear = expected.Zip(Reference.Logits(merged, rows)).Where(pair => Margin(pair.First) > 0.5).ToArray();

            Assert.InRange(clear.Length, rows.Length / 2, rows.Length);
            Assert.All(clear, pair => Assert.Equal(Array.IndexOf(pair.First, pair.First.Max()), Array.IndexOf(pair.Second, pair.Second.Max())));
        }
    }

    [Theory]
    [MemberData(nameof(ToyFamily.All), MemberType = typeof(ToyFamily))]
    public void An_adapter_is_read_as_it_was_written_with_the_names_of_PEFT(string family)
    {
        using var weights = ToyFamily.Weights(family);
        using var model = Adapted(weights);
        var before = Reference.Logits(model, ToyFamily.Rows());

        PeftAdapter.Write(folder.Path, model, Lora, "owner/base");
        using var read = new LlamaForSequenceClassification(weights);
        using var adapter = PeftAdapter.Read(folder.Path);
        adapter.ApplyTo(read);

        Reference.AssertClose(before, Reference.Logits(read, ToyFamily.Rows()), tolerance: 0);
        Assert.Equal((2 * LoraConfig.AllLinear.Count * 2) + 1, adapter.Tensors.Count); // a bias and a norm stay the base's
    }

    [Theory]
    [MemberData(nameof(ToyFamily.All), MemberType = typeof(ToyFamily))]
    public void Twenty_steps_of_training_follow_a_plain_loop(string family)
    {
        const int steps = 20;
        const double learningRate = 1e-2;
        using var weights = ToyFamily.Weights(family);
        using var model = Adapted(weights);
        using var optimizer = new AdamW([.. model.TrainableParameters.Select(parameter => parameter.Value)], weightDecay: 0);
        using var plain = new PlainTraining(ToyFamily.ConfigJson(family), weights, model, Lora.Scaling);

        for (var step = 0; step < steps; step++)
        {
            var rows = ToyFamily.Rows(step % 2)[1..];
            int[] labels = [.. rows.Select((_, row) => (row + step) % Labels)];
            var rate = LinearSchedule.LearningRate(step, steps, learningRate, warmupRatio: 0);
            optimizer.ZeroGradient();
            var loss = Step(model, rows, labels);
            optimizer.ClipGradient(1);
            optimizer.Step(rate);

            Assert.Equal(plain.Step(rows, labels, rate), loss, Tolerance);
        }

        Assert.All(model.TrainableParameters, parameter => Assert.True(
            (parameter.Value.to(float64) - plain[parameter.Name]).abs().max().item<double>() < Tolerance, parameter.Name));
    }

    private static double Step(LlamaForSequenceClassification model, int[][] rows, int[] labels)
    {
        using var batch = PackedBatch.Create(rows, CPU);
        var loss = nn.functional.cross_entropy(model.Forward(batch), tensor(labels, int64));
        loss.backward();
        return loss.item<float>();
    }

    /// <summary>The model with an adapter whose matrices are all random.</summary>
    private static LlamaForSequenceClassification Adapted(LlamaWeights weights)
    {
        var model = new LlamaForSequenceClassification(weights);
        model.AddLora(Lora, Labels, seed: 5);
        using var guard = no_grad();
        using var generator = new Generator(12);
        foreach (var (_, value) in model.TrainableParameters)
        {
            using var filling = randn(value.shape, generator: generator);
            value.copy_(filling).mul_(0.2);
        }

        return model;
    }

    private static PublishedEquations Equations(string family, LlamaWeights weights, LlamaForSequenceClassification model) => new(
        ToyFamily.ConfigJson(family),
        weights.NamedTensors.Concat(model.TrainableParameters).ToDictionary(entry => entry.Name, entry => entry.Value.detach().to(float64)),
        Lora.Scaling);

    private static void Merge(LlamaForSequenceClassification model, Precision precision)
    {
        foreach (var fused in model.FusedLinears)
        {
            fused.Merge(precision);
        }
    }

    private static float Margin(float[] logits) => logits.OrderDescending().Take(2).Aggregate((first, second) => first - second);
}

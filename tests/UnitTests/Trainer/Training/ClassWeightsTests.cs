using Serverless.Llama;
using Serverless.Trainer.Data;
using Serverless.Trainer.Evaluation;
using Serverless.Trainer.Training;
using static TorchSharp.torch;

namespace Serverless.UnitTests.Trainer.Training;

/// <summary>Weights of labels in the loss, compared with plain loops and with repeated rows.</summary>
[Collection(nameof(TrainingLoopTests))]
public sealed class ClassWeightsTests
{
    [Fact]
    public void Balanced_weights_are_those_of_scikit_learn()
    {
        // compute_class_weight("balanced", classes=[0, 1], y=[0, 0, 0, 1])
        Assert.Equal([4f / 6, 2f], ClassWeights.Balanced.Compute(["a", "b"], [3, 1])!);
        Assert.Null(ClassWeights.None.Compute(["a", "b"], [3, 1]));
    }

    [Fact]
    public void A_label_that_a_table_lacks_has_the_weight_1_and_an_unknown_one_is_an_error()
    {
        var weights = ClassWeights.Parse("""{"b": 2.5}""");

        Assert.Equal([1f, 2.5f], weights.Compute(["a", "b"], [3, 1])!);
        var error = Assert.Throws<InvalidTrainOptionsException>(() => weights.Compute(["a", "B"], [3, 1]));
        Assert.Equal("class_weights has the label 'b', but no row to train on has it; the labels are a, B.", error.Message);
    }

    [Fact]
    public void The_loss_of_a_step_is_the_weighted_mean_of_a_plain_loop()
    {
        float[] classWeights = [0.5f, 3];
        Article[] articles = Skewed(12, seed: 3, rareEvery: 4);
        using var weights = ToyTask.Weights();
        using var model = ToyTask.Model(weights, ToyTask.Options);
        var evaluator = new Evaluator(model, ToyTask.Hardware.Device, batchSize: 64, TextWriter.Null);
        var predictions = evaluator.Predict(articles, TestContext.Current.CancellationToken);
        var (sum, divisor) = (0.0, 0.0);
        foreach (var (logits, label) in predictions.Logits.Zip(predictions.Expected))
        {
            var weight = classWeights[label];
            sum += weight * -Math.Log(Math.Exp(logits[label]) / logits.Sum(logit => Math.Exp(logit)));
            divisor += weight;
        }

        // Micro-batches of two articles on each thread: the divisor is that of the whole step all the same.
        using var step = new TrainingStep(
            model, ToyTask.Options with { PerDeviceTrainBatchSize = 2 }, ToyTask.Hardware, articles, TextWriter.Null, classWeights);
        var loss = step.Run([.. Enumerable.Range(0, articles.Length).OrderBy(i => articles[i].Ids.Length)], 0.01, 1);

        Assert.Equal(sum / divisor, loss, 1e-5);
        Assert.Equal(sum / divisor, predictions.Loss(classWeights: classWeights), 1e-6);
    }

    [Fact]
    public void A_row_of_weight_three_has_the_gradient_of_three_equal_rows()
    {
        var articles = Skewed(12, seed: 3, rareEvery: 4);

        var weighted = Gradients(articles, [1, 3]);
        var repeated = Gradients([.. articles.SelectMany(article => Enumerable.Repeat(article, article.Label == 1 ? 3 : 1))], classWeights: null);
        var plain = Gradients(articles, classWeights: null);

        Assert.All(repeated.Zip(weighted), pair => Assert.Equal(pair.First, pair.Second, 1e-5f));
        Assert.True(plain.Zip(weighted).Max(pair => Math.Abs(pair.First - pair.Second)) > 1e-2);
    }

    [Fact]
    public void Gradients_are_those_of_the_weighted_mean_of_cross_entropy_in_torch()
    {
        var articles = Skewed(12, seed: 3, rareEvery: 4);
        float[] classWeights = [0.5f, 3];
        using var weights = ToyTask.Weights();
        using var model = ToyTask.Model(weights, ToyTask.Options);
        using var scope = NewDisposeScope();
        using var batch = PackedBatch.Create([.. articles.Select(article => article.Ids)], ToyTask.Hardware.Device);
        var labels = tensor(articles.Select(article => (long)article.Label).ToArray());
        var loss = nn.functional.cross_entropy(model.Forward(batch), labels, tensor(classWeights), reduction: nn.Reduction.Mean);
        loss.backward();
        var expected = model.TrainableParameters.SelectMany(parameter => parameter.Value.grad!.data<float>().ToArray());

        Assert.All(expected.Zip(Gradients(articles, classWeights)), pair => Assert.Equal(pair.First, pair.Second, 1e-5f));
    }

    [Fact]
    public void Equal_weights_of_any_size_are_the_same_training_as_none()
    {
        var articles = Skewed(12, seed: 3, rareEvery: 4);

        Assert.All(Gradients(articles, [7, 7]).Zip(Gradients(articles, classWeights: null)), pair => Assert.Equal(pair.First, pair.Second, 1e-5f));
    }

    [Fact]
    public void Balanced_weights_lift_the_recall_of_a_label_with_a_twentieth_of_the_rows()
    {
        var none = RecallOfRare(ClassWeights.None);
        var balanced = RecallOfRare(ClassWeights.Balanced);

        Assert.True(none < 0.3 && balanced >= 0.6, $"recall {none:0.00} without weights, {balanced:0.00} with");
    }

    private static double RecallOfRare(ClassWeights setting)
    {
        // Steps of 64 articles: most steps of eight have no rare one, and their loss is divided by the weights of the common ones alone.
        var options = ToyTask.Options with { ClassWeights = setting, PerDeviceTrainBatchSize = 64, MinSteps = 40 };
        var train = Skewed(2000, seed: 1, rareEvery: 20);
        using var weights = ToyTask.Weights();
        using var model = ToyTask.Model(weights, options);
        using var loop = new TrainingLoop(
            model, options, ToyTask.Hardware, train, Skewed(600, seed: 2, rareEvery: 20), checkpoint: null, TextWriter.Null,
            setting.Compute(["common", "rare"], [1900, 100]));
        loop.Run(new Progress(), TimeProvider.System, TestContext.Current.CancellationToken);
        var predictions = loop.Evaluator.Predict(Skewed(400, seed: 3, rareEvery: 2), TestContext.Current.CancellationToken);
        return LabelMetrics.Compute(["common", "rare"], predictions.ConfusionMatrix())[1].Recall;
    }

    /// <summary>The gradients of one step over all articles, in micro-batches of two.</summary>
    private static float[] Gradients(Article[] articles, float[]? classWeights)
    {
        var options = ToyTask.Options with { PerDeviceTrainBatchSize = 2, MaxGradNorm = 1e9 };
        using var weights = ToyTask.Weights();
        using var model = ToyTask.Model(weights, options);
        using var step = new TrainingStep(model, options, ToyTask.Hardware, articles, TextWriter.Null, classWeights);
        step.Run([.. Enumerable.Range(0, articles.Length).OrderBy(i => articles[i].Ids.Length)], 0.01, 1);
        return [.. model.TrainableParameters.SelectMany(parameter => parameter.Value.grad!.data<float>().ToArray())];
    }

    /// <summary>Texts of random letters; those of the rare label have some more of one letter, so that the labels overlap.</summary>
    private static Article[] Skewed(int count, int seed, int rareEvery)
    {
        var random = new Random(seed);
        int Letter(int label) => label == 1 && random.NextDouble() < 0.25 ? 'r' : random.Next('a', 'z' + 1);
        Article Create(int label) => new([256, .. Enumerable.Range(0, random.Next(12, 24)).Select(_ => Letter(label))], label);
        return [.. Enumerable.Range(0, count).Select(i => Create(i % rareEvery == 0 ? 1 : 0))];
    }

    private sealed class Progress : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value)
        {
        }
    }
}

using System.Text.Json.Nodes;
using Serverless.Trainer.Training;

namespace Serverless.UnitTests.Trainer.Training;

public sealed class TrainOptionsTests
{
    [Fact]
    public void Without_any_setting_it_is_the_published_recipe()
    {
        var options = TrainOptionsLoader.Resolve();

        Assert.Equal((5e-5, 1.0, 16, 2, 32), (
            options.LearningRate, options.NumTrainEpochs, options.PerDeviceTrainBatchSize, options.GradientAccumulationSteps, options.ArticlesPerStep));
        Assert.Equal((16, 32.0, 0.1, "all-linear", 128), (options.LoraRank, options.LoraAlpha, options.LoraDropout, options.LoraTargetModules, options.MaxLength));
        Assert.Equal((500, 500, 500, 100, 0.0, 0.0), (
            options.EvalSteps, options.MaxEvalSamples, options.SaveSteps, options.LoggingSteps, options.WarmupRatio, options.WeightDecay));
    }

    [Fact]
    public void Later_layers_lie_over_earlier_ones()
    {
        var options = TrainOptionsLoader.Resolve(
            ("training.json", Settings("""{"learning_rate": 0.002, "lora_rank": 8}""")),
            ("command line", Settings("""{"lora_rank": 4}""")));

        Assert.Equal((0.002, 4, 32.0), (options.LearningRate, options.LoraRank, options.LoraAlpha));
    }

    [Fact]
    public void What_was_saved_resolves_to_the_same_recipe()
    {
        var options = TrainOptionsLoader.Resolve(("here", Settings("""{"seed": 7, "precision": "fp32", "min_steps": 60, "class_weights": {"b, c": 2.5, "a": 1}}""")));

        Assert.Equal(options, TrainOptionsLoader.Resolve(("saved", Settings(options.ToJson()))));
    }

    [Theory]
    [InlineData("""{"learning_rte": 0.1}""", "there is no setting 'learning_rte'; the settings are learning_rate, num_train_epochs, ")]
    [InlineData("""{"lora_rank": "many"}""", "lora_rank must be a whole number, not \"many\"")]
    [InlineData("""{"lora_rank": 1.5}""", "lora_rank must be a whole number, not 1.5")]
    [InlineData("""{"learning_rate": [1]}""", "learning_rate must be a number, not [1]")]
    [InlineData("""{"lora_target_modules": null}""", "lora_target_modules must be a word in quotation marks, not null")]
    [InlineData("""{"lora_dropout": 1.5}""", "lora_dropout must be from 0 to below 1")]
    [InlineData("""{"gradient_accumulation_steps": 0}""", "gradient_accumulation_steps must be at least 1")]
    [InlineData("""{"metric_for_best_model": "f1"}""", "metric_for_best_model must be loss or accuracy or macro_f1")]
    [InlineData("""{"early_stopping_patience": -1}""", "early_stopping_patience must not be negative")]
    [InlineData("""{"class_weights": "heavy"}""", "class_weights must be none, balanced, or an object with weights above 0 by label, such as {\"Health\": 5}, not \"heavy\"")]
    [InlineData("""{"class_weights": {"a": 0}}""", "class_weights must be none, balanced, or")]
    [InlineData("""{"class_weights": {"a": "2"}}""", "class_weights must be none, balanced, or")]
    [InlineData("""{"class_weights": {}}""", "class_weights must be none, balanced, or")]
    [InlineData("""{"class_weights": 2}""", "class_weights must be none, balanced, or")]
    [InlineData("""{"precision": "int3"}""", "precision must be auto, bf16, fp16 or fp32")]
    public void A_setting_that_cannot_be_is_named_with_its_source(string settings, string named)
    {
        var fault = Assert.Throws<InvalidTrainOptionsException>(() => TrainOptionsLoader.Resolve(("training.json", Settings(settings))));

        Assert.StartsWith("training.json: ", fault.Message, StringComparison.Ordinal);
        Assert.Contains(named, fault.Message, StringComparison.Ordinal);
    }

    private static JsonObject Settings(string json) => JsonNode.Parse(json)!.AsObject();
}

using System.CommandLine;
using System.Text.Json.Nodes;
using Serverless.Trainer.Commands;
using Serverless.Trainer.Training;

namespace Serverless.UnitTests.Trainer.Commands;

public sealed class TrainOptionsBinderTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void The_base_suits_itself_a_file_lies_over_it_and_the_command_line_over_all()
    {
        folder.File("training.json", """{"learning_rate": 0.002, "lora_rank": 8, "seed": 1}""");
        var config = folder.File("mine.json", """{"lora_rank": 4, "seed": 2}""");

        var options = Resolve("--config", config, "--seed", "3", "--lora-dropout", "0.25", "--precision", "fp32");

        Assert.Equal((0.002, 4, 3, 0.25, "fp32"), (options.LearningRate, options.LoraRank, options.Seed, options.LoraDropout, options.Precision));
    }

    [Theory]
    [InlineData("--learning-rate")]
    [InlineData("--num-train-epochs")]
    [InlineData("--per-device-train-batch-size")]
    [InlineData("--gradient-accumulation-steps")]
    [InlineData("--lora-rank")]
    [InlineData("--lora-alpha")]
    [InlineData("--max-length")]
    [InlineData("--max-grad-norm")]
    [InlineData("--eval-steps")]
    [InlineData("--min-steps")]
    public void Every_setting_of_the_recipe_has_its_usual_option(string option) =>
        Assert.NotEqual(new TrainOptions(), Resolve(option, "7"));

    [Theory]
    [InlineData("none", "none")]
    [InlineData("balanced", "balanced")]
    [InlineData("{\"b, c\": 2, \"a\": 0.5}", "{\"a\":0.5,\"b, c\":2}")]
    public void Class_weights_are_a_word_or_a_table_as_JSON(string value, string expected) =>
        Assert.Equal(expected, Resolve("--class-weights", value).ClassWeights.ToString());

    [Fact]
    public void Every_setting_of_a_file_is_an_option_too()
    {
        var command = new Command("train");
        _ = new TrainOptionsBinder(command);

        var settings = JsonNode.Parse(new TrainOptions().ToJson())!.AsObject().Select(setting => $"--{setting.Key.Replace('_', '-')}");

        Assert.Equal(settings.Append("--config").Order(StringComparer.Ordinal), command.Options.Select(option => option.Name).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_word_where_a_number_belongs_is_an_error_of_the_command_line()
    {
        var command = new Command("train");
        _ = new TrainOptionsBinder(command);

        Assert.Single(command.Parse(["--lora-rank", "many"]).Errors);
    }

    [Theory]
    [InlineData("{ learning_rate: }", "not valid JSON (line 1).")]
    [InlineData("""{"seed": 1, "seed": 2}""", "seed")]
    public void A_damaged_training_file_of_the_base_is_named(string content, string fault)
    {
        var file = folder.File("training.json", content);

        var refusal = Assert.Throws<InvalidTrainOptionsException>(() => Resolve());

        Assert.StartsWith($"{file}: ", refusal.Message, StringComparison.Ordinal);
        Assert.Contains(fault, refusal.Message, StringComparison.Ordinal);
    }

    private TrainOptions Resolve(params string[] arguments)
    {
        var command = new Command("train");
        var recipe = new TrainOptionsBinder(command);
        return recipe.Resolve(command.Parse(arguments), folder.Path);
    }
}

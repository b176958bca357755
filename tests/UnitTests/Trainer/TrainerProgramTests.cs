using System.Text.RegularExpressions;
using Serverless.UnitTests.Trainer.Training;

namespace Serverless.UnitTests.Trainer;

/// <summary>What only a process of its own can show: SIGKILL, and the end of memory.</summary>
public sealed class TrainerProgramTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public TrainerProgramTests() => ToyModel.WriteBase(Path.Combine(folder.Path, "base"));

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_training_that_is_killed_three_times_ends_with_the_same_adapter_bit_by_bit()
    {
        // So many held-out rows, one by one, that nearly all of the time between two steps is an evaluation where there is one.
        folder.File("toy.csv", ToyTask.Csv(400, seed: 1));
        string[] Training(string output) =>
        [
            "train", "--data", Path.Combine(folder.Path, "toy.csv"), "--base", Path.Combine(folder.Path, "base"), "--output", Path.Combine(folder.Path, output),
            "--per-device-train-batch-size", "4", "--gradient-accumulation-steps", "2", "--num-train-epochs", "1", "--held-out-fraction", "0.5", "--learning-rate", "0.01",
            "--lora-rank", "16", "--lora-dropout", "0.1", "--token-dropout", "0.1", "--max-length", "64", "--logging-steps", "1", "--save-steps", "3",
            "--eval-steps", "10", "--per-device-eval-batch-size", "1",
        ];
        await TrainerProgram.RunAsync(Training("never-killed"));

        var checkpoint = Path.Combine(folder.Path, "killed.checkpoint");
        await using (var inAnEvaluation = TrainerProgram.Start(Training("killed")))
        {
            await inAnEvaluation.LineAsync(" 9/");
            await inAnEvaluation.KillAsync();
            Assert.DoesNotContain("10/", inAnEvaluation.Output, StringComparison.Ordinal);
        }

        await using (var betweenSteps = TrainerProgram.Start(Training("killed")))
        {
            await betweenSteps.LineAsync("resume from step 9");
            await betweenSteps.LineAsync("13/");
            await betweenSteps.KillAsync();
        }

        await using (var inAWrite = TrainerProgram.Start(Training("killed")))
        {
            await inAWrite.LineAsync("resume from step 12");
            await inAWrite.KillWhileAsync($"{checkpoint}.tmp");
        }

        Assert.True(File.Exists(checkpoint));
        Assert.False(Directory.Exists(Path.Combine(folder.Path, "killed")));
        Assert.Contains("resume from step ", await TrainerProgram.RunAsync(Training("killed")), StringComparison.Ordinal);
        Assert.Equal(Adapter("never-killed"), Adapter("killed"));
        Assert.Equal(["base", "killed", "never-killed", "toy.csv"], Directory.GetFileSystemEntries(folder.Path).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_killed_training_stops_early_at_the_same_step_with_the_same_adapter()
    {
        // The held-out labels are swapped, so that their loss rises while the training rows are learnt.
        var rows = ToyTask.Csv(200, seed: 1).Replace("label\n", "label,split\n", StringComparison.Ordinal)
            .Replace("left\n", "left,train\n", StringComparison.Ordinal).Replace("right\n", "right,train\n", StringComparison.Ordinal);
        folder.File("toy.csv", rows + ToyTask.Rows(200, new Random(2), i => i % 2 == 0 ? "right,held-out" : "left,held-out"));
        string[] Training(string output) =>
        [
            "train", "--data", Path.Combine(folder.Path, "toy.csv"), "--base", Path.Combine(folder.Path, "base"), "--output", Path.Combine(folder.Path, output),
            "--per-device-train-batch-size", "8", "--gradient-accumulation-steps", "1", "--min-steps", "40", "--learning-rate", "0.01", "--lora-dropout", "0.1",
            "--early-stopping-patience", "3", "--per-device-eval-batch-size", "1", "--logging-steps", "1", "--save-steps", "1",
        ];
        var neverKilled = await TrainerProgram.RunAsync(Training("never-killed"));
        await using (var killed = TrainerProgram.Start(Training("killed")))
        {
            await killed.LineAsync(" 9/40");
            await killed.KillAsync();
        }

        var resumed = await TrainerProgram.RunAsync(Training("killed"));

        var stop = "stopped early at step [0-9]+ of 40: 3 evaluations after that of step [0-9]+ had no better loss";
        Assert.Matches(stop, neverKilled);
        Assert.Matches("resume from step [1-9]", resumed);
        Assert.Equal(Regex.Match(neverKilled, stop).Value, Regex.Match(resumed, stop).Value);
        Assert.Equal(Adapter("never-killed"), Adapter("killed"));
    }

    [Fact]
    public async Task A_step_that_memory_is_not_enough_for_is_taken_in_smaller_passes()
    {
        var random = new Random(1);
        folder.File("long.csv", "text,label\n" + ToyTask.Rows(60, random, i => i % 2 == 0 ? "left" : "right", tokens: 1500));
        string[] training =
        [
            "train", "--data", Path.Combine(folder.Path, "long.csv"), "--base", Path.Combine(folder.Path, "base"), "--output", Path.Combine(folder.Path, "adapter"),
            "--per-device-train-batch-size", "32", "--gradient-accumulation-steps", "1", "--num-train-epochs", "1", "--max-length", "1500",
            "--per-device-eval-batch-size", "1", "--precision", "bf16", "--logging-steps", "1",
        ];

        var output = await TrainerProgram.RunAsync(training, memory: 2_000_000);

        Assert.Contains("Out of memory at step 1", output, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(folder.Path, "adapter", "adapter_model.safetensors")), output);
    }

    [Fact]
    public async Task A_training_that_is_told_twice_to_end_says_one_sentence_and_leaves_a_checkpoint()
    {
        folder.File("toy.csv", ToyTask.Csv(400, seed: 1));
        await using var trainer = TrainerProgram.Start(
        [
            "train", "--data", Path.Combine(folder.Path, "toy.csv"), "--base", Path.Combine(folder.Path, "base"), "--output", Path.Combine(folder.Path, "adapter"),
            "--min-steps", "100000", "--logging-steps", "1",
        ]);
        await trainer.LineAsync("1/100000");

        trainer.Terminate();
        trainer.Terminate();

        var output = await trainer.EndAsync(exitCode: 130);
        Assert.EndsWith("\nStopped.\n", output, StringComparison.Ordinal);
        Assert.DoesNotContain("Exception", output, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(folder.Path, "adapter.checkpoint")));
    }

    [Theory]
    [InlineData("train --data nowhere.csv", "File or directory does not exist: 'nowhere.csv'. See: trainer train --help")]
    [InlineData("train --lora-rank many --data .", "--lora-rank is 'many'; it must be a whole number. See: trainer train --help")]
    [InlineData("lengths --data . --max-length 0", "--max-length is '0'; it must be a whole number of at least 2. See: trainer lengths --help")]
    [InlineData("compare --data . --model m --hour-price -1", "--hour-price is '-1'; it must be a number of at least 0. See: trainer compare --help")]
    [InlineData("download models owner/name", "Argument 'models' not recognized. Must be one of: 'model' 'dataset'. See: trainer download --help")]
    [InlineData("predict", "Required argument 'text' missing for command: 'predict'. See: trainer predict --help")]
    public async Task A_wrong_command_line_is_answered_with_what_is_wrong_and_nothing_else(string arguments, string answer)
    {
        await using var trainer = TrainerProgram.Start(arguments.Split(' '));

        Assert.Equal($"{answer}\n", await trainer.EndAsync(exitCode: 1));
    }

    private byte[] Adapter(string output) => File.ReadAllBytes(Path.Combine(folder.Path, output, "adapter_model.safetensors"));
}

using System.Text.Json.Nodes;
using Serverless.Llama.Files;
using Serverless.Training;
using Serverless.UnitTests.Trainer.Training;

namespace Serverless.UnitTests.Trainer.Jobs;

/// <summary>Settings beside the data sets of a classifier.</summary>
[Collection(nameof(TrainingLoopTests))]
public sealed class ClassifierSettingsTests(Emulator emulator) : TrainingWorkerTest(emulator)
{
    [Fact]
    public async Task Two_classifiers_are_trained_side_by_side_each_with_its_own_settings()
    {
        await UploadAsync("short/training.json", """{"max_length": 8}""");
        await UploadAsync("long/training.json", """{"max_length": 64, "lora_rank": 2}""");
        await RequestAsync("short/a.csv", ToyTask.Csv(150, seed: 1));
        await RequestAsync("long/a.csv", ToyTask.Csv(150, seed: 1));
        await RequestAsync("plain/a.csv", ToyTask.Csv(150, seed: 1));

        Assert.True(await RunAsync());

        Assert.Equal((8, 4), await ReadVersionAsync("short"));
        Assert.Equal((64, 2), await ReadVersionAsync("long"));
        Assert.Equal((ToyTask.Options.MaxLength, ToyTask.Options.LoraRank), await ReadVersionAsync("plain"));
    }

    [Theory]
    [InlineData("""{"lora_rank": "many"}""", "datasets/topics/training.json: lora_rank must be a whole number, not \"many\".")]
    [InlineData("""{"lora_dropout": 2}""", "datasets/topics/training.json: lora_dropout must be from 0 to below 1.")]
    [InlineData("""{"epochs": 2}""", "datasets/topics/training.json: there is no setting 'epochs'; the settings are learning_rate, num_train_epochs, ")]
    [InlineData("{\n\"seed\": 1,\n}", "datasets/topics/training.json: not valid JSON (line 3).")]
    [InlineData("[]", "datasets/topics/training.json: the file must be a JSON object of settings")]
    [InlineData("""{"class_weights": {"lft": 2}}""", "class_weights has the label 'lft', but no row to train on has it; the labels are left, right. Correct it in datasets/topics/training.json.")]
    [InlineData("""{"max_length": 4096}""", "max_length is 4096, but the base reads at most 2048 tokens")]
    public async Task Settings_that_are_not_valid_refuse_the_run_with_file_key_and_values(string settings, string reason)
    {
        await ToyModel.PublishAsync(Registry, Classifier, "v1", seed: 1, "left", "right");
        await UploadAsync("topics/training.json", settings);
        await RequestAsync("topics/a.csv", ToyTask.Csv(150, seed: 1));

        Assert.True(await RunAsync());

        var run = Assert.Single(await Runs.ListAsync(Classifier, CancellationToken));
        Assert.Equal(TrainingState.Refused, run.State);
        Assert.StartsWith(reason, run.Reason, StringComparison.Ordinal);
        Assert.EndsWith("Correct the file, then upload the data set again.", run.Reason, StringComparison.Ordinal);
        Assert.Equal("v1", await ServingAsync());
    }

    [Fact]
    public async Task After_the_settings_are_corrected_the_same_file_is_trained_on()
    {
        await UploadAsync("topics/training.json", """{"lora_rank": 0}""");
        await RequestAsync("topics/a.csv", ToyTask.Csv(150, seed: 1));
        await RunAsync();
        await UploadAsync("topics/training.json", """{"lora_rank": 2}""");
        await RequestAsync("topics/a.csv", ToyTask.Csv(150, seed: 1));

        Assert.True(await RunAsync());

        Assert.Equal(
            [TrainingState.Refused, TrainingState.Published], (await Runs.ListAsync(Classifier, CancellationToken)).Select(run => run.State));
        Assert.Equal((ToyTask.Options.MaxLength, 2), await ReadVersionAsync(Classifier));
    }

    [Fact]
    public async Task The_row_of_a_training_that_stopped_early_says_so()
    {
        await UploadAsync("topics/training.json", """{"learning_rate": 1e-30, "early_stopping_patience": 3}""");
        await RequestAsync("topics/a.csv", ToyTask.Csv(150, seed: 1));

        Assert.True(await RunAsync());

        var run = Assert.Single(await Runs.ListAsync(Classifier, CancellationToken));
        Assert.Equal("stopped early at step 24 of 60: 3 evaluations after that of step 6 had no better loss", run.Step);
        Assert.Contains("macroF1", run.Metrics.Keys);
    }

    [Fact]
    public async Task A_run_says_before_it_begins_which_labels_are_rare_and_how_much_is_cut()
    {
        await UploadAsync("topics/training.json", """{"class_weights": "balanced", "max_length": 12}""");
        await RequestAsync("topics/a.csv", ToyTask.Csv(150, seed: 1) + "zzzz,third\nzzzzz,third\n");

        Assert.True(await RunAsync());

        var log = Log.ToString();
        var firstStep = log.IndexOf("step 20/60", StringComparison.Ordinal);
        Assert.InRange(log.IndexOf("note   Class weights are set: few rows have the label 'third' (1, 0.7 % of the rows)", StringComparison.Ordinal), 0, firstStep);
        Assert.InRange(log.IndexOf("of the articles are longer than 12 tokens (max_length)", StringComparison.Ordinal), 0, firstStep);
        Assert.Matches("weights left 0.6[0-9]*, right 0.6[0-9]*, third ", log);
    }

    /// <summary>What the version of a classifier says of its training.</summary>
    private async Task<(int MaxTokens, int LoraRank)> ReadVersionAsync(string classifier)
    {
        var run = (await Runs.ListAsync(classifier, CancellationToken))[^1];
        var version = await Registry.Versions.DownloadAsync(classifier, run.Version, null, CancellationToken);
        var settings = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(version.Folder, "training.json"), CancellationToken))!;
        return (ClassifierMetadata.Read(version.Folder).MaxTokens, (int)settings["lora_rank"]!);
    }
}

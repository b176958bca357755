using System.CommandLine;
using System.Globalization;
using Serverless.Trainer.Data;
using Serverless.Trainer.Evaluation;
using Serverless.Trainer.Progress;
using Serverless.Trainer.Reports;
using Serverless.Trainer.Training;

namespace Serverless.Trainer.Commands;

/// <summary><c>trainer train</c>: fine-tunes an adapter on a data set.</summary>
internal static class TrainCommand
{
    public static Command Create()
    {
        var baseFolder = StarterOptions.Base();
        var output = new Option<DirectoryInfo>("--output") { Description = "Folder for the adapter [adapters/NAME of the data set].", HelpName = "folder" };
        var exclude = ExcludeOption.Create();
        var noResume = new Option<bool>("--no-resume")
        {
            Description = "Start from the beginning, even if there is a checkpoint of a stopped training with this output folder.",
        };
        var command = new Command(
            "train",
            "Fine-tune an adapter on a data set. Defaults are in brackets; the base's training.json overrides them, " +
            "--config overrides that, and options override everything.")
        {
            baseFolder, output, exclude, noResume,
        };
        var data = new DataOptions(command, "columns text and label, and optionally split.");
        var binder = new TrainOptionsBinder(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var folder = parsed.GetRequiredValue(baseFolder);
            var target = parsed.GetValue(output)?.FullName ?? Path.GetFullPath(Path.Combine("adapters", data.GetName(parsed)));
            var options = binder.Resolve(parsed, folder.FullName);
            var dataSet = await data.LoadAsync(
                parsed, options.HeldOutFraction, Shingles.FromFiles(parsed.GetRequiredValue(exclude)), cancellationToken);
            var fineTune = new FineTune(dataSet, options, folder.FullName, StarterOptions.GetBaseName(folder), new AdapterFolder(target))
            {
                Resume = !parsed.GetValue(noResume),
            };
            var result = ProgressDisplay.Show(
                Console.Error, options.LoggingSteps, (progress, log) => fineTune.Run(log, progress, TimeProvider.System, cancellationToken));
            AdapterReport.Write(fineTune.Output.StagingPath, result);
            fineTune.Commit();
            WriteSummary(result.Metrics);
            Console.Error.WriteLine($"adapter written to {target}; the report is {Path.Combine(target, AdapterReport.FileName)}");
        });
        return command;
    }

    private static void WriteSummary(TrainingReport metrics)
    {
        MetricsTable.Write(Console.Error, "held out", metrics.HeldOut);
        if (metrics.Test is not null)
        {
            MetricsTable.Write(Console.Error, "test", metrics.Test);
        }

        var training = metrics.Training;
        Console.Error.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{training.Steps} steps in {training.Duration:h\\:mm\\:ss}, {training.ArticlesPerSecond:0} articles/s, best at step {training.BestStep}"));
    }
}

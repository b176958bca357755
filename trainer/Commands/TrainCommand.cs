using System.CommandLine;
using System.Globalization;
using Serverless.Trainer.Data;
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
        var noResume = new Option<bool>("--no-resume") { Description = "Start from the beginning, even if there is a checkpoint of a stopped training with this output folder." };
        var command = new Command(
            "train", "Fine-tune an adapter on a data set. Defaults are in brackets; the base's training.json overrides them, --config overrides that, and options override everything.")
        {
            baseFolder, output, exclude, noResume,
        };
        var data = new DataOptions(command, "columns text and label, and optionally split.");
        var binder = new TrainOptionsBinder(command);
        command.SetAction((parsed, cancellationToken) =>
        {
            var folder = parsed.GetRequiredValue(baseFolder);
            var target = parsed.GetValue(output)?.FullName ?? Path.GetFullPath(Path.Combine("adapters", data.GetName(parsed)));
            var options = binder.Resolve(parsed, folder.FullName);
            var fineTune = new FineTune(
                data.Load(parsed, options.HeldOutFraction, Shingles.FromFiles(parsed.GetRequiredValue(exclude))),
                options,
                folder.FullName,
                StarterOptions.GetBaseName(folder),
                target,
                Resume: !parsed.GetValue(noResume));
            var (report, _) = ProgressDisplay.Show(
                Console.Error, options.LoggingSteps, (progress, log) => fineTune.Run(log, progress, TimeProvider.System, cancellationToken));
            var figures = report.Figures;
            MetricsTable.Write(Console.Error, "held out", figures.HeldOut);
            if (figures.Test is not null)
            {
                MetricsTable.Write(Console.Error, "test", figures.Test);
            }

            Console.Error.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{figures.Training.Steps} steps in {figures.Training.Duration:h\\:mm\\:ss}, {figures.Training.ArticlesPerSecond:0} articles/s, best at step {figures.Training.BestStep}"));
            Console.Error.WriteLine($"adapter written to {target}; its report is {Path.Combine(target, AdapterReport.StaticFile)}");
            return Task.CompletedTask;
        });
        return command;
    }
}

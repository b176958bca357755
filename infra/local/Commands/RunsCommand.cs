using System.CommandLine;
using Serverless.Training;
using Spectre.Console;

namespace Serverless.Local.Commands;

/// <summary><c>runs</c>: lists the training runs of a classifier.</summary>
internal static class RunsCommand
{
    public static Command Create()
    {
        var classifier = new Option<string>("--classifier") { Description = "The classifier.", DefaultValueFactory = _ => "news" };
        var data = DataOption.Create();
        var command = new Command("runs", "Lists the training runs of a classifier, newest last.") { classifier, data };
        command.SetAction(async (arguments, cancellationToken) =>
        {
            var table = new Table().AddColumns("version", "state", "progress", "data set", "accuracy", "message");
            foreach (var run in await new TrainingRuns(data.Storage(arguments)).ListAsync(arguments.GetValue(classifier)!, cancellationToken))
            {
                var accuracy = run.Metrics.TryGetValue("accuracy", out var value) ? $"{value:0.000}" : "";
                string[] cells = [run.Version, $"{run.State}", $"{run.Progress:P0}", run.Dataset ?? "", accuracy, run.Reason ?? run.Step ?? ""];
                table.AddRow([.. cells.Select(Markup.Escape)]);
            }

            AnsiConsole.Write(table);
        });
        return command;
    }
}

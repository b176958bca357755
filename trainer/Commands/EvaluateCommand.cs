using System.CommandLine;
using System.Text.Json;
using Serverless.Trainer.Data;
using Serverless.Trainer.Evaluation;
using Serverless.Trainer.Training;

namespace Serverless.Trainer.Commands;

/// <summary><c>trainer evaluate</c>: evaluates an adapter on all usable rows of a data set.</summary>
internal static class EvaluateCommand
{
    public static Command Create()
    {
        var baseFolder = StarterOptions.Base();
        var adapter = StarterOptions.Adapter();
        var precision = StarterOptions.Precision();
        var json = new Option<bool>("--json") { Description = "Write the metrics to standard output as JSON." };
        var command = new Command("evaluate", "Evaluate an adapter on a data set.") { baseFolder, adapter, precision, json };
        var data = new DataOptions(command, "all rows are evaluated.");
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var file = await data.ReadAsync(parsed, cancellationToken);
            using var classifier = TrainedClassifier.Open(
                parsed.GetRequiredValue(baseFolder).FullName, parsed.GetRequiredValue(adapter).FullName, parsed.GetRequiredValue(precision), Console.Error);
            ThrowIfUnknownLabels(file, classifier.Labels);
            DataOptions.WriteNotes(Console.Error, file.AllNotes);
            var begin = TimeProvider.System.GetTimestamp();
            var logits = classifier.Logits(file.Rows.Select(row => row.Text), cancellationToken);
            var articlesPerSecond = file.Rows.Count / TimeProvider.System.GetElapsedTime(begin).TotalSeconds;

            var indices = classifier.Labels.Index().ToDictionary(label => label.Item, label => label.Index);
            var metrics = ClassificationMetrics.Compute(
                new Predictions(logits, [.. file.Rows.Select(row => indices[row.Label])]), classifier.Labels, classifier.Temperature);
            MetricsTable.Write(Console.Error, file.Name, metrics);
            Console.Error.WriteLine($"{articlesPerSecond:0} articles/s");
            if (parsed.GetValue(json))
            {
                Console.Out.WriteLine(JsonSerializer.Serialize(Figures.From(metrics, articlesPerSecond), JsonSerializerOptions.Web));
            }
        });
        return command;
    }

    internal static void ThrowIfUnknownLabels(DataSetFile file, IReadOnlyList<string> labels)
    {
        var unknown = file.Rows.Where(row => !labels.Contains(row.Label)).DistinctBy(row => row.Label)
            .Select(row => new BadRow(row.Place, $"the label '{row.Label}'")).ToArray();
        if (unknown.Length > 0)
        {
            throw new DataSetRefusedException(file.Name, $"The adapter knows only the labels {string.Join(", ", labels)}.", unknown);
        }
    }

    private sealed record Figures(
        int Rows, double Accuracy, double Precision, double Recall, double F1, double Loss, double CalibrationError, double ArticlesPerSecond,
        IReadOnlyList<LabelMetrics> PerLabel, int[][] ConfusionMatrix)
    {
        public static Figures From(ClassificationMetrics metrics, double articlesPerSecond) => new(
            metrics.Rows, metrics.Accuracy, metrics.Precision, metrics.Recall, metrics.F1, metrics.Loss, metrics.CalibrationError, articlesPerSecond,
            metrics.PerLabel, metrics.ConfusionMatrix);
    }
}

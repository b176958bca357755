using System.Globalization;
using Spectre.Console;

namespace Serverless.Trainer.Comparison;

/// <summary>Writes a comparison as a table with one column per model, and below it the replies that are not valid.</summary>
internal static class ComparisonTable
{
    private const int MaxShown = 10;

    private static readonly string[] AgNews = ["Business", "Sci/Tech", "Sports", "World"];

    public static void Write(TextWriter writer, LabelFigures ours, LabelFigures theirs, ChatResults results, IReadOnlyList<string> labels)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(writer) });
        // The published figures are for AG News only.
        LabelFigures[] models = labels.Order(StringComparer.Ordinal).SequenceEqual(AgNews) ? [ours, theirs, LabelFigures.PublishedGpt4] : [ours, theirs];
        var table = new Table().Border(TableBorder.Rounded).AddColumn("");
        foreach (var model in models)
        {
            table.AddColumn(new TableColumn(Markup.Escape(model.Name)).RightAligned());
        }

        void AddRow(string name, Func<LabelFigures, string> figure) => table.AddRow([name, .. models.Select(figure)]);
        AddRow("valid answers", model => $"{model.Valid} of {model.Asked}");
        AddRow("accuracy", model => Figure(model.Accuracy, "0.0000"));
        AddRow("accuracy of all", model => Figure(model.AccuracyOfAll, "0.0000"));
        AddRow("precision", model => Figure(model.Precision, "0.0000"));
        AddRow("recall", model => Figure(model.Recall, "0.0000"));
        AddRow("F1", model => Figure(model.F1, "0.0000"));
        AddRow("articles/s", model => Figure(model.ArticlesPerSecond, "N1"));
        AddRow("cost of 1,000 articles", model => Figure(model.CostPer1000, "0.0000"));
        console.Write(table);
        console.WriteLine(
            "The figures are computed on the valid answers, except \"accuracy of all\", which counts the others as wrong; " +
            "precision, recall and F1 are weighted by the rows of each label.");
        if (results.Retries > 0)
        {
            console.WriteLine($"{results.Retries} requests were retried.");
        }

        WriteResults(console, "are not a label", results.Rows.Where(result => result.Label is null && !result.Failed));
        WriteResults(console, "failed", results.Rows.Where(result => result.Failed));
    }

    private static void WriteResults(IAnsiConsole console, string what, IEnumerable<ChatResult> results)
    {
        var all = results.ToArray();
        if (all.Length == 0)
        {
            return;
        }

        console.WriteLine($"{all.Length} answers {what}{(all.Length > MaxShown ? $"; the first {MaxShown}" : "")}:");
        foreach (var result in all.Take(MaxShown))
        {
            console.WriteLine($"  {result.Row.Place}: '{Truncate(result.Answer)}' for '{result.Row.Label}'");
        }
    }

    private static string Truncate(string text) => text.ReplaceLineEndings(" ") is { Length: > 100 } line ? $"{line[..100]}…" : text.ReplaceLineEndings(" ");

    private static string Figure(double? figure, string format) =>
        figure is { } known && !double.IsNaN(known) ? known.ToString(format, CultureInfo.InvariantCulture) : "–";
}

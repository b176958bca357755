using System.Globalization;
using Spectre.Console;

namespace Serverless.Trainer.Comparison;

/// <summary>A comparison for a person: one row a model, and below it what could not be counted.</summary>
internal static class ComparisonTable
{
    private const int Shown = 10;

    private static readonly string[] AgNews = ["Business", "Sci/Tech", "Sports", "World"];

    public static void Write(TextWriter writer, LabelFigures ours, LabelFigures theirs, ChatAnswers answers, IReadOnlyList<string> labels)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(writer) });
        var table = new Table().Border(TableBorder.Rounded).AddColumn("model");
        foreach (var column in new[] { "valid", "accuracy", "precision", "recall", "F1", "articles/s", "per 1,000 articles" })
        {
            table.AddColumn(new TableColumn(column).RightAligned());
        }

        // The published figure is for AG News alone.
        LabelFigures[] published = labels.Order(StringComparer.Ordinal).SequenceEqual(AgNews) ? [LabelFigures.PublishedGpt4] : [];
        foreach (var figures in (LabelFigures[])[ours, theirs, .. published])
        {
            table.AddRow(
                Markup.Escape(figures.Name), $"{figures.Valid} of {figures.Asked}", Share(figures.Accuracy), Share(figures.Precision), Share(figures.Recall), Share(figures.F1),
                figures.ArticlesPerSecond is { } speed ? speed.ToString("N1", CultureInfo.InvariantCulture) : "–",
                figures.CostPer1000 is { } cost ? cost.ToString("0.0000", CultureInfo.InvariantCulture) : "–");
        }

        console.Write(table);
        console.WriteLine("Figures are on the valid answers; precision, recall and F1 are weighted by the rows of each label.");
        if (answers.Retries > 0)
        {
            console.WriteLine($"{answers.Retries} requests had to be repeated.");
        }

        Tell(console, "were no label", answers.Rows.Where(answer => answer.Label is null && !answer.Failed));
        Tell(console, "never came", answers.Rows.Where(answer => answer.Failed));
    }

    private static void Tell(IAnsiConsole console, string what, IEnumerable<ChatAnswer> answers)
    {
        var all = answers.ToArray();
        if (all.Length == 0)
        {
            return;
        }

        console.WriteLine($"{all.Length} answers {what}{(all.Length > Shown ? $"; the first {Shown}" : "")}:");
        foreach (var answer in all.Take(Shown))
        {
            console.WriteLine($"  {answer.Row.Place}: '{Shortened(answer.Answer)}' for '{answer.Row.Label}'");
        }
    }

    private static string Shortened(string text) => text.ReplaceLineEndings(" ") is { Length: > 100 } line ? $"{line[..100]}…" : text.ReplaceLineEndings(" ");

    private static string Share(double share) => double.IsNaN(share) ? "–" : share.ToString("0.0000", CultureInfo.InvariantCulture);
}

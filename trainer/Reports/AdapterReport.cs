using System.Buffers.Binary;
using Serverless.Trainer.Evaluation;
using Serverless.Trainer.Training;

namespace Serverless.Trainer.Reports;

/// <summary>All that a fine-tune can tell of its adapter: the figures, and what only the report for people holds.</summary>
/// <param name="Figures"><c>metrics.json</c>.</param>
/// <param name="Uncalibrated">The reliability of the held-out rows before the temperature was fitted.</param>
/// <param name="Mistakes">With sentences of the data set, which therefore go nowhere but into the report.</param>
internal sealed record AdapterReport(
    TrainingReport Figures,
    TrainOptions Options,
    IReadOnlyList<ReliabilityBin> Uncalibrated,
    IReadOnlyList<Mistake> Mistakes,
    TokenLengths Lengths)
{
    public const int MistakesShown = 20;

    public const string StaticFile = "report.html";

    /// <summary>Writes <c>metrics.json</c>, <c>report.html</c> and its plots into the adapter's folder.</summary>
    public void Write(string folder)
    {
        File.WriteAllText(Path.Combine(folder, Storage.StorageNames.MetricsFile), Figures.ToJson());
        var plots = Plots();
        foreach (var plot in plots)
        {
            File.WriteAllBytes(Path.Combine(folder, plot.File), plot.Light);
        }

        File.WriteAllText(Path.Combine(folder, StaticFile), ReportPage.Render(this, plots).Markup);
    }

    private ReportPlot[] Plots()
    {
        List<ReportPlot> plots =
        [
            ReportPlot.Draw("learning_curves.png", "Loss and accuracy by step", theme => LearningCurvesPlot.Draw(Figures.Training, theme)),
            ReportPlot.Draw("confusion_matrix.png", "Confusion matrix of the held-out rows", theme => ConfusionMatrixPlot.Draw(Figures.HeldOut, theme)),
            ReportPlot.Draw("reliability.png", "Reliability of the scores on held-out rows", theme => ReliabilityPlot.Draw(Figures.HeldOut.Reliability, Uncalibrated, theme)),
            ReportPlot.Draw("token_lengths.png", "Articles by length in tokens", theme => TokenLengthsPlot.Draw(Lengths, Options.MaxLength, theme)),
        ];
        if (Figures.Test is { } test)
        {
            plots.Add(ReportPlot.Draw("confusion_matrix_test.png", "Confusion matrix of the test rows", theme => ConfusionMatrixPlot.Draw(test, theme)));
        }

        return [.. plots];
    }
}

/// <summary>A picture of the report, for light and for dark surroundings.</summary>
internal sealed record ReportPlot(string File, string Title, byte[] Light, byte[] Dark)
{
    /// <summary>In pixels of a page; the picture itself has twice as many (a PNG's header says how many).</summary>
    public int Width => BinaryPrimitives.ReadInt32BigEndian(Light.AsSpan(16)) / 2;

    public static ReportPlot Draw(string file, string title, Func<PlotTheme, byte[]> draw) => new(file, title, draw(PlotTheme.Light), draw(PlotTheme.Dark));
}

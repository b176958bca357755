using System.Buffers.Binary;
using Serverless.Storage;
using Serverless.Trainer.Training;

namespace Serverless.Trainer.Reports;

/// <summary>Writes the report of a fine-tuning: <c>metrics.json</c>, <c>report.html</c> and its plots.</summary>
internal static class AdapterReport
{
    public const string FileName = "report.html";

    /// <summary>Writes the files of the report to the adapter's folder.</summary>
    public static void Write(string folder, FineTuneResult result)
    {
        File.WriteAllText(Path.Combine(folder, StorageNames.MetricsFile), result.Metrics.ToJson());
        var plots = DrawPlots(result);
        foreach (var plot in plots)
        {
            File.WriteAllBytes(Path.Combine(folder, plot.File), plot.Light);
        }

        File.WriteAllText(Path.Combine(folder, FileName), ReportPage.Render(result, plots).Markup);
    }

    private static ReportPlot[] DrawPlots(FineTuneResult result)
    {
        List<ReportPlot> plots =
        [
            ReportPlot.Draw("learning_curves.png", "Loss and accuracy by step", theme => LearningCurvesPlot.Draw(result.Metrics.Training, theme)),
            ReportPlot.Draw("confusion_matrix.png", "Confusion matrix of the held-out rows", theme => ConfusionMatrixPlot.Draw(result.Metrics.HeldOut, theme)),
            ReportPlot.Draw(
                "reliability.png",
                "Reliability of the scores on held-out rows",
                theme => ReliabilityPlot.Draw(result.Metrics.HeldOut.Reliability, result.Uncalibrated, theme)),
            ReportPlot.Draw("token_lengths.png", "Articles by token length", theme => TokenLengthsPlot.Draw(result.Lengths, result.Options.MaxLength, theme)),
        ];
        if (result.Metrics.Test is { } test)
        {
            plots.Add(ReportPlot.Draw("confusion_matrix_test.png", "Confusion matrix of the test rows", theme => ConfusionMatrixPlot.Draw(test, theme)));
        }

        return [.. plots];
    }
}

/// <summary>A plot of the report, for light and for dark colour schemes.</summary>
internal sealed record ReportPlot(string File, string Title, byte[] Light, byte[] Dark)
{
    /// <summary>The width in CSS pixels: half of the image's own, which is in the PNG header.</summary>
    public int Width => BinaryPrimitives.ReadInt32BigEndian(Light.AsSpan(16)) / 2;

    public static ReportPlot Draw(string file, string title, Func<PlotTheme, byte[]> draw) => new(file, title, draw(PlotTheme.Light), draw(PlotTheme.Dark));
}

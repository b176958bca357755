using System.Text.Json;
using System.Text.Json.Nodes;
using Serverless.Trainer.Data;
using Serverless.Trainer.Evaluation;
using Serverless.Trainer.Reports;
using Serverless.Trainer.Training;
using SkiaSharp;

namespace Serverless.UnitTests.Trainer.Reports;

public sealed class ReportPageTests : IDisposable
{
    private const string Hostile = "<script src=https://evil.example/x.js></script>\" onload=alert(1) & ‮backwards";

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Hostile_sentences_labels_and_names_stay_text()
    {
        var page = Write(Report([Hostile, "good"], Hostile)).Page;

        Assert.DoesNotContain("<script", page, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("&lt;script src=https://evil.example/x.js&gt;&lt;/script&gt;&quot; onload=alert(1) &amp;", page, StringComparison.Ordinal);
    }

    [Fact]
    public void The_page_needs_nothing_but_itself()
    {
        var page = Write(Report(["left", "right"], "a text")).Page;

        Assert.DoesNotContain("http://", page, StringComparison.Ordinal);
        Assert.DoesNotContain("https://", page, StringComparison.Ordinal);
        Assert.DoesNotContain("url(", page, StringComparison.Ordinal);
        Assert.Equal(5 * 2, page.Split("data:image/png;base64,").Length - 1);
        Assert.Contains("default-src 'none'", page, StringComparison.Ordinal);
    }

    [Fact]
    public void The_page_shows_figures_mistakes_settings_and_the_word_of_the_gate()
    {
        var report = Report(["left", "right"], "a text that was hard");
        var page = Write(report with { Metrics = report.Metrics with { Gate = new GateVerdict(false, .01, 300, 20, 5, "Worse than before.") } }).Page;

        Assert.Contains("Refused by the gate.", page, StringComparison.Ordinal);
        Assert.Contains("Worse than before.", page, StringComparison.Ordinal);
        Assert.Contains("a text that was hard", page, StringComparison.Ordinal);
        Assert.Contains("<dt>learning_rate</dt><dd>0.0015</dd>", page, StringComparison.Ordinal);
        Assert.Contains("3 rows left out", page, StringComparison.Ordinal);
    }

    [Fact]
    public void Sentences_of_the_data_set_stand_in_the_page_and_nowhere_else()
    {
        var (page, metrics) = Write(Report(["left", "right"], "a secret sentence"));

        Assert.Contains("a secret sentence", page, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", metrics, StringComparison.Ordinal);
    }

    [Fact]
    public void A_long_curve_is_reduced_to_a_few_hundred_points_and_all_evaluations()
    {
        CurvePoint[] curve = [.. Enumerable.Range(1, 3750).Select(step => new CurvePoint(step, step == 7 ? double.NaN : 2, step % 500 == 0 ? new EvaluationPoint(step, .5, .9) : null))];

        var thin = LearningCurve.Thin(curve);

        Assert.InRange(thin.Count, 250, 310);
        Assert.All(thin, point => Assert.Equal(2, point.Loss));
        Assert.Equal(curve.Select(point => point.HeldOut).OfType<EvaluationPoint>(), thin.Select(point => point.HeldOut).OfType<EvaluationPoint>());
        Assert.Equal(3750, thin[^1].Step);
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void A_loss_that_overflowed_leaves_the_report_and_its_plots_whole(double loss)
    {
        var report = Report(["left", "right"], "text");
        var figures = report.Metrics with
        {
            HeldOut = report.Metrics.HeldOut with { Loss = loss },
            Training = report.Metrics.Training with { Curve = [new(1, loss, null), new(2, 1, new EvaluationPoint(2, loss, .8)), new(3, 1, new EvaluationPoint(3, 1, .9))] },
        };

        var (_, metrics) = Write(report with { Metrics = figures });
        using var losses = LearningCurvesPlot.Loss(figures.Training, PlotTheme.Light);

        Assert.InRange(losses.Axes.GetLimits().Top, 1, 1.2);
        Assert.Equal(JsonValueKind.String, JsonNode.Parse(metrics)!["heldOut"]!["loss"]!.GetValueKind());
        Assert.All(Directory.GetFiles(folder.Path, "*.png"), AssertDrawnEverywhere);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    [InlineData(12)]
    [InlineData(77)]
    public void Any_number_of_labels_can_be_drawn(int labels)
    {
        var (_, metrics) = Write(Report([.. Enumerable.Range(0, labels).Select(i => i == 0 ? "標籤" : $"label number {i}")], "text"));

        Assert.Equal(labels, JsonNode.Parse(metrics)!["heldOut"]!["perLabel"]!.AsArray().Count);
        Assert.All(Directory.GetFiles(folder.Path, "*.png"), AssertDrawnEverywhere);
    }

    [Fact]
    public void A_single_evaluation_stands_at_its_step_on_the_whole_scale()
    {
        var training = new TrainingSummary(100, 100, 0, TimeSpan.FromMinutes(1), 200, [new CurvePoint(1, 2, null), new CurvePoint(100, .1, new EvaluationPoint(100, 1.5, .8))]);

        using var accuracy = LearningCurvesPlot.Accuracy(training, PlotTheme.Light);

        var limits = accuracy.Axes.GetLimits();
        Assert.Equal((0, 0), (limits.Left, limits.Bottom));
        Assert.InRange(limits.Right, 100, 110);
        Assert.InRange(limits.Top, 1, 1.1);
    }

    [Fact]
    public void Accuracies_that_lie_near_each_other_are_drawn_apart_and_never_beyond_one()
    {
        CurvePoint[] curve = [.. Enumerable.Range(1, 10).Select(step => new CurvePoint(step, 1, new EvaluationPoint(step, 1, .9 + (step * .01))))];

        using var accuracy = LearningCurvesPlot.Accuracy(new TrainingSummary(10, 10, 0, TimeSpan.FromMinutes(1), 200, curve), PlotTheme.Light);

        var limits = accuracy.Axes.GetLimits();
        Assert.InRange(limits.Bottom, .8, .91);
        Assert.InRange(limits.Top, 1, 1.02);
    }

    [Theory]
    [InlineData(3, new[] { "perfect calibration", "fewer than 5 rows" })]
    [InlineData(300, new[] { "perfect calibration", "before calibration", "calibrated" })]
    public void The_legend_of_the_reliability_names_what_is_drawn(int rows, string[] names)
    {
        var predictions = new Predictions([.. Enumerable.Repeat(new[] { 2f, 0f }, rows)], new int[rows]);

        using var reliability = ReliabilityPlot.Reliability(Calibration.Bins(predictions, 2), Calibration.Bins(predictions, 1), PlotTheme.Light);

        Assert.Equal(names, reliability.Legend.GetItems().Select(item => item.LabelText));
    }

    [Fact]
    public void Letters_are_drawn_without_any_font_of_the_machine()
    {
        // The same empty plot with and without a title: were there no letters, the pictures would be equal.
        byte[] Draw(string title) => PlotTheme.Light.DrawPng(300, 200, PlotTheme.Light.CreatePlot(title, "", ""));

        Assert.NotEqual(Draw(""), Draw("Überschrift Ελλάδα Кириллица"));
        Assert.Equal("label 1", PlotFonts.Drawable("標籤", "label 1"));
        Assert.Equal("Ελλάδα", PlotFonts.Drawable("Ελλάδα", "label 1"));
    }

    // Each quarter of a picture has something on it.
    private static void AssertDrawnEverywhere(string file)
    {
        using var picture = SKBitmap.Decode(file);
        var (width, height) = (picture.Width / 2, picture.Height / 2);
        for (var part = 0; part < 4; part++)
        {
            var colours = new HashSet<SKColor>();
            for (var i = 0; i < width * height; i++)
            {
                colours.Add(picture.GetPixel((part % 2 * width) + (i % width), (part / 2 * height) + (i / width)));
            }

            Assert.True(colours.Count > 1, $"{Path.GetFileName(file)}: nothing is drawn in quarter {part}");
        }
    }

    private (string Page, string Metrics) Write(FineTuneResult report)
    {
        AdapterReport.Write(folder.Path, report);
        return (File.ReadAllText(Path.Combine(folder.Path, "report.html")), File.ReadAllText(Path.Combine(folder.Path, "metrics.json")));
    }

    private static FineTuneResult Report(string[] labels, string mistake)
    {
        var random = new Random(1);
        var expected = Enumerable.Range(0, 400).Select(row => row % labels.Length).ToArray();
        var predictions = new Predictions(
            [.. expected.Select(right => Enumerable.Range(0, labels.Length).Select(label => (float)((label == right ? 2.5 : 0) + random.NextDouble() * 3)).ToArray())], expected);
        var metrics = ClassificationMetrics.Compute(predictions, labels, 1.3);
        CurvePoint[] curve = [.. Enumerable.Range(1, 300).Select(step => new CurvePoint(step, 1.4 / Math.Sqrt(step) + random.NextDouble() * .1, step % 50 == 0 ? new EvaluationPoint(step, .3 + 10.0 / step, .9 - 5.0 / step) : null))];
        var training = new TrainingSummary(300, 250, 0, TimeSpan.FromMinutes(3), 200, curve);
        return new FineTuneResult(
            new TrainingReport("set/data.csv", "serverless/starter", 4000, 12, metrics, metrics, training, ["3 rows left out."]),
            new TrainOptions { LearningRate = .0015 },
            Calibration.Bins(predictions, 1),
            [new Mistake(RowPlace.Line(3), mistake, labels[0], labels[1], .99, .01)],
            new TokenLengths(Enumerable.Range(0, 4000).Select(_ => (int)(20 + random.NextDouble() * random.NextDouble() * 160))),
            HeldOutLabels: []);
    }
}

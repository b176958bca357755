using System.Globalization;
using System.Reflection;
using System.Text.Json.Nodes;
using Serverless.Trainer.Evaluation;
using Serverless.Trainer.Training;

namespace Serverless.Trainer.Reports;

/// <summary>
/// Renders <c>report.html</c>: everything about an adapter on one self-contained page. The plots are embedded, for light and for
/// dark colour schemes; the page has no script and loads nothing.
/// </summary>
internal static class ReportPage
{
    private const int MaxQuoteLength = 700;

    public static Html Render(FineTuneResult result, IReadOnlyList<ReportPlot> plots)
    {
        var figures = result.Metrics;
        var heldOut = Evaluation(
            "Held-out rows",
            "The checkpoint was selected and the temperature was fitted on these rows.",
            figures.HeldOut,
            plots,
            "confusion_matrix.png");
        return Html.Format($"""
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
            <title>{figures.Dataset}: fine-tuning report</title>
            <style>{Style()}</style>
            </head>
            <body>
            <header>
            <p class="over">Fine-tuning report</p>
            <h1><bdi>{figures.Dataset}</bdi></h1>
            <p>LoRA adapter of <b><bdi>{figures.BaseModel}</bdi></b> for {figures.HeldOut.PerLabel.Count} labels, trained on {figures.TrainRows:N0} articles</p>
            </header>
            <main>
            {Cards(figures)}
            {Verdict(figures.Gate)}
            {Notes(figures.Notes)}
            <section><h2>Learning curves</h2>
            <p>{figures.Training.Steps:N0} steps in {figures.Training.Duration:h\:mm\:ss}, {figures.Training.ArticlesPerSecond:N0} articles/s.
            The adapter is the checkpoint of step {figures.Training.BestStep:N0}, the best one on held-out rows by {result.Options.MetricForBestModel}.
            {(figures.Training.EarlyStop is { } stop ? $"The training {stop}." : "")}</p>
            {Picture(plots, "learning_curves.png")}</section>
            {heldOut}
            {(figures.Test is { } test ? Evaluation("Test rows", "Evaluated once, at the end.", test, plots, "confusion_matrix_test.png") : new Html(""))}
            <section><h2>Calibration</h2>
            <p>Scores are the softmax of the logits divided by {figures.HeldOut.Temperature:0.00}, a temperature
            fitted on the {figures.HeldOut.Rows:N0} held-out rows; the fewer rows there are, the closer it stays to 2. The
            expected calibration error is {figures.HeldOut.CalibrationError:0.000};
            without the temperature it is {Calibration.ExpectedError(result.Uncalibrated):0.000}.</p>
            {Picture(plots, "reliability.png")}</section>
            <section><h2>Token lengths</h2>
            <p>Half of the {result.Lengths.Count:N0} articles have at most {result.Lengths.Percentile(.5)} tokens,
            95 % at most {result.Lengths.Percentile(.95)}; the longest has {result.Lengths.Longest:N0}. 
            {figures.TruncatedArticles:N0} were truncated to {result.Options.MaxLength} tokens.</p>
            {Picture(plots, "token_lengths.png")}</section>
            {Mistakes(result.Mistakes)}
            {Settings(result.Options)}
            </main>
            </body>
            </html>

            """);
    }

    private static Html Cards(TrainingReport figures)
    {
        var final = figures.Test ?? figures.HeldOut;
        var on = figures.Test is null ? "held out" : "test";
        (string Name, string Value)[] cards =
        [
            ($"accuracy, {on}", Percent(final.Accuracy)),
            ($"macro F1, {on}", Percent(final.MacroF1)),
            ("precision, weighted", Percent(final.Precision)),
            ("recall, weighted", Percent(final.Recall)),
            ("calibration error", final.CalibrationError.ToString("0.000", CultureInfo.InvariantCulture)),
            ($"articles, {on}", final.Rows.ToString("N0", CultureInfo.InvariantCulture)),
        ];
        var items = Html.Each(cards, card => Html.Format($"<div><b>{card.Value}</b><span>{card.Name}</span></div>"));
        return Html.Format($"""<section class="cards">{items}</section>""");
    }

    private static Html Verdict(GateVerdict? gate) => gate is null ? new("") : Html.Format($"""
        <p class="verdict {(gate.Passed ? "passed" : "refused")}">
        <b>{(gate.Passed ? "Passed the gate." : "Refused by the gate.")}</b> {gate.Reason}</p>
        """);

    private static Html Notes(IReadOnlyList<string> notes) => Html.When(notes.Count > 0, () => Html.Format($"""
        <section class="notes"><h2>Notes on the data set</h2>
        <ul>{Html.Each(notes, note => Html.Format($"<li><bdi>{note}</bdi></li>"))}</ul></section>
        """));

    private static Html Evaluation(
        string title, string what, ClassificationMetrics metrics, IReadOnlyList<ReportPlot> plots, string picture) => Html.Format($"""
        <section><h2>{title}</h2>
        <p>{metrics.Rows:N0} articles. {what} Accuracy {Percent(metrics.Accuracy)}, weighted F1 {Percent(metrics.F1)}, loss {metrics.Loss:0.0000}.</p>
        <div class="wide"><table>
        <thead><tr><th>label</th><th>articles</th><th>precision</th><th>recall</th><th>F1</th><th></th></tr></thead>
        <tbody>{Html.Each(metrics.PerLabel, label => Html.Format($"""
            <tr><th scope="row"><bdi>{label.Label}</bdi></th><td>{label.Rows:N0}</td>
            <td>{Percent(label.Precision)}</td><td>{Percent(label.Recall)}</td><td>{Percent(label.F1)}</td>
            <td class="bar"><i style="width:{label.F1 * 100:0.0}%"></i></td></tr>
            """))}</tbody>
        <tfoot><tr><th scope="row">weighted</th><td>{metrics.Rows:N0}</td>
        <td>{Percent(metrics.Precision)}</td><td>{Percent(metrics.Recall)}</td><td>{Percent(metrics.F1)}</td><td></td></tr></tfoot>
        </table></div>
        {Picture(plots, picture)}</section>
        """);

    private static Html Mistakes(IReadOnlyList<Mistake> mistakes)
    {
        var what = mistakes.Count == 0
            ? "All held-out rows are correct."
            : "Held-out rows with a wrong prediction, ordered by the probability of the expected label, lowest first. " +
                "Often the label in the data set is wrong.";
        return Html.Format($"""
            <section><h2>Worst mistakes</h2>
            <p>{what}</p>
            <ol class="mistakes">{Html.Each(mistakes, mistake => Html.Format($"""
                <li><p class="labels"><span class="wrong"><bdi>{mistake.Predicted}</bdi> {Percent(mistake.Score)}</span>
                instead of <span class="right"><bdi>{mistake.Expected}</bdi> {Percent(mistake.ExpectedScore)}</span>
                <small>{mistake.Place.ToString()}</small></p>
                <blockquote dir="auto">{Truncate(mistake.Text)}</blockquote></li>
                """))}</ol></section>
            """);
    }

    private static Html Settings(TrainOptions options)
    {
        var published = JsonNode.Parse(new TrainOptions().ToJson())!.AsObject();
        var settings = JsonNode.Parse(options.ToJson())!.AsObject();
        string Class(KeyValuePair<string, JsonNode?> setting) => JsonNode.DeepEquals(setting.Value, published[setting.Key]) ? "" : "changed";
        return Html.Format($"""
            <section><h2>Settings</h2>
            <p>The resolved settings. Bold: different from the published recipe for Llama 3.2 1B.</p>
            <dl>{Html.Each(settings, setting => Html.Format($"""
                <div class="{Class(setting)}"><dt>{setting.Key}</dt><dd>{setting.Value?.ToString()}</dd></div>
                """))}</dl></section>
            """);
    }

    private static Html Picture(IReadOnlyList<ReportPlot> plots, string file)
    {
        var plot = plots.First(plot => plot.File == file);
        return Html.Format($"""
            <picture><source media="(prefers-color-scheme: dark)" srcset="{Data(plot.Dark)}">
            <img src="{Data(plot.Light)}" width="{plot.Width}" alt="{plot.Title}"></picture>
            """);
    }

    private static Html Data(byte[] png) => new($"data:image/png;base64,{Convert.ToBase64String(png)}");

    private static string Percent(double share) => share.ToString("0.00 %", CultureInfo.InvariantCulture);

    private static string Truncate(string text) => text.Length <= MaxQuoteLength ? text : $"{text[..MaxQuoteLength]}…";

    private static Html Style()
    {
        using var reader = new StreamReader(Assembly.GetExecutingAssembly().GetManifestResourceStream($"{typeof(ReportPage).Namespace}.report.css")!);
        return new Html(reader.ReadToEnd());
    }
}

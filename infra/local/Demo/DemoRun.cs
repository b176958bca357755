using System.Text.Json;
using Serverless.Articles;
using Serverless.Local.Processes;
using Serverless.Training;
using Spectre.Console;

namespace Serverless.Local.Demo;

/// <summary>The demo of <c>up --demo</c>: classifies articles with the starter model, trains a second classifier, and trains it again.</summary>
internal sealed class DemoRun(LocalSystem system)
{
    private const string News = "news";
    private const string Desk = "desk";

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    private readonly string runId = $"demo-{TimeProvider.System.GetUtcNow():yyyyMMdd-HHmmss}";
    private readonly Table summary =
        new Table().Title("Predictions of the classifiers").AddColumns("article", "classifier", "expected", "predicted", "score");

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var articles = SampleArticle.Read("articles.jsonl");
        var deskArticles = SampleArticle.Read("desk-articles.jsonl");
        var queue = new ArticleQueue(system.Storage, runId);
        var training = new DemoTraining(system.Storage, Desk);
        using var api = new ClassifyApi(system);

        WriteHeading($"{articles.Count} articles on the queue, for the classifier {News}");
        await queue.ClassifyAsync(articles, News, (article, result) => WriteResult(article, result, inSummary: true), cancellationToken);

        WriteHeading("One article over HTTP");
        await CallAsync(api, articles[0], cancellationToken);

        WriteHeading($"A data set with its own labels trains the classifier {Desk}");
        await TrainAsync(training, "desk.csv", api, deskArticles[0], cancellationToken);
        await queue.ClassifyAsync(deskArticles, Desk, (article, result) => WriteResult(article, result, inSummary: false), cancellationToken);

        WriteHeading("A larger data set trains it again; the gate decides");
        await TrainAsync(training, "desk-grown.csv", api, deskArticles[0], cancellationToken);
        var again = new ArticleQueue(system.Storage, $"{runId}-again");
        await again.ClassifyAsync(deskArticles, Desk, (article, result) => WriteResult(article, result, inSummary: true), cancellationToken);

        AnsiConsole.WriteLine();
        AnsiConsole.Write(summary);
    }

    private static void WriteHeading(string title)
    {
        AnsiConsole.WriteLine();
        AnsiConsole.Write(new Rule($"[bold]{Markup.Escape(title)}[/]").LeftJustified());
    }

    private async Task CallAsync(ClassifyApi api, SampleArticle article, CancellationToken cancellationToken)
    {
        AnsiConsole.MarkupLineInterpolated($"POST {system.Endpoints.Api}classify/{News}");
        AnsiConsole.WriteLine(JsonSerializer.Serialize(await api.ClassifyAsync(News, article, cancellationToken), Indented));
    }

    private static async Task TrainAsync(DemoTraining training, string file, ClassifyApi api, SampleArticle probe, CancellationToken cancellationToken)
    {
        AnsiConsole.MarkupLineInterpolated($"Uploading infra/local/samples/{file} as datasets/{Desk}/{Desk}.csv");
        var run = await training.TrainAsync(SampleArticle.PathOf(file), cancellationToken);
        var metrics = string.Join(", ", run.Metrics.Where(metric => metric.Key is "accuracy" or "f1").Select(metric => $"{metric.Key} {metric.Value:0.000}"));
        AnsiConsole.MarkupLineInterpolated($"[bold]{run.State}[/] {run.Version} {metrics}");
        if (run.Reason is { } reason)
        {
            AnsiConsole.WriteLine(reason);
        }

        if (run.State == TrainingState.Published)
        {
            await api.WaitForVersionAsync(Desk, run.Version, probe, cancellationToken);
            AnsiConsole.MarkupLineInterpolated($"The functions now serve {run.Version}, without a restart.");
        }
    }

    private void WriteResult(SampleArticle article, ClassificationResult result, bool inSummary)
    {
        var predicted = result.Label ?? $"{result.Status}: {result.Reason}";
        var color = result.Label == article.Expected ? "green" : "red";
        AnsiConsole.MarkupLine($"[{color}]{Markup.Escape(predicted),-10}[/] {result.Score:0.00}  {Markup.Escape(article.Headline)}");
        if (inSummary)
        {
            summary.AddRow(
                Markup.Escape(article.Headline),
                result.Classifier,
                Markup.Escape(article.Expected),
                $"[{color}]{Markup.Escape(predicted)}[/]",
                $"{result.Score:0.00}");
        }
    }
}

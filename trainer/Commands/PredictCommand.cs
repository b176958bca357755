using System.CommandLine;
using System.Globalization;
using Serverless.Trainer.Evaluation;
using Serverless.Trainer.Training;

namespace Serverless.Trainer.Commands;

/// <summary><c>trainer predict</c>: classifies texts with an adapter and writes one line per text to standard output.</summary>
internal static class PredictCommand
{
    public static Command Create()
    {
        var texts = new Argument<string[]>("text") { Description = "Texts to classify.", Arity = ArgumentArity.OneOrMore };
        var baseFolder = StarterOptions.Base();
        var adapter = StarterOptions.Adapter();
        var precision = StarterOptions.Precision();
        var command = new Command("predict", "Classify texts.") { texts, baseFolder, adapter, precision };
        command.SetAction((parsed, cancellationToken) =>
        {
            var articles = parsed.GetRequiredValue(texts);
            using var classifier = TrainedClassifier.Open(
                parsed.GetRequiredValue(baseFolder).FullName, parsed.GetRequiredValue(adapter).FullName, parsed.GetRequiredValue(precision), Console.Error);
            var predictions = new Predictions(classifier.Logits(articles, cancellationToken), new int[articles.Length]);
            for (var row = 0; row < articles.Length; row++)
            {
                var scores = classifier.Labels.Zip(predictions.Probabilities(row, classifier.Temperature)).OrderByDescending(score => score.Second)
                    .Select(score => string.Create(CultureInfo.InvariantCulture, $"{score.First} {score.Second:0.000}"));
                Console.Out.WriteLine($"{string.Join("  ", scores)}  <- {articles[row]}");
            }
            return Task.CompletedTask;
        });
        return command;
    }
}

using System.ClientModel;
using System.ClientModel.Primitives;
using System.CommandLine;
using System.Text.Json;
using Microsoft.Extensions.AI;
using OpenAI;
using Serverless.Trainer.Comparison;
using Serverless.Trainer.Data;
using Serverless.Trainer.Progress;
using Serverless.Trainer.Training;

namespace Serverless.Trainer.Commands;

/// <summary><c>trainer compare</c>: classifies the same rows with an adapter and with a chat model, and prints both results as one table.</summary>
internal static class CompareCommand
{
    public static Command Create()
    {
        var model = new Option<string>("--model") { HelpName = "name", Description = "The chat model's name.", Required = true };
        var endpoint = new Option<string>("--endpoint")
        {
            HelpName = "address",
            Description = "Address of an OpenAI-compatible endpoint.",
            DefaultValueFactory = _ => "https://api.openai.com/v1",
        };
        var key = new Option<string>("--key-variable")
        {
            HelpName = "variable",
            Description = "Environment variable that holds the endpoint's key; without it, no key is sent.",
            DefaultValueFactory = _ => "OPENAI_API_KEY",
        };
        var rows = NumberOption.Create("--rows", "Number of rows to compare on, drawn at random.", defaultValue: 500, min: 1);
        var seed = NumberOption.Create("--seed", "Seed of the random choice of rows.", defaultValue: 42);
        var parallel = NumberOption.Create("--parallel", "Concurrent requests.", defaultValue: 8, min: 1);
        var rate = NumberOption.Create("--requests-per-minute", "Maximum number of requests per minute.", defaultValue: 300, min: 1);
        var inputPrice = NumberOption.Create<double>("--input-price", "Price of a million input tokens of the chat model.", min: 0);
        var outputPrice = NumberOption.Create<double>("--output-price", "Price of a million output tokens of the chat model.", min: 0);
        var hourPrice = NumberOption.Create<double>("--hour-price", "Price of an hour of this machine.", min: 0);
        var maxOutput = NumberOption.Create(
            "--max-output-tokens", "Maximum number of output tokens per article; reasoning models need more.", defaultValue: 16, min: 1);
        var baseFolder = StarterOptions.Base();
        var adapter = StarterOptions.Adapter();
        var precision = StarterOptions.Precision();
        var json = new Option<bool>("--json") { Description = "Write the metrics to standard output as JSON." };
        var command = new Command("compare", "Compare an adapter with a chat model on the same rows.")
        {
            model, endpoint, key, rows, seed, parallel, rate, inputPrice, outputPrice, hourPrice, maxOutput, baseFolder, adapter, precision, json,
        };
        var data = new DataOptions(command, "the rows marked test are used, or all rows if none is marked.");
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var address = Address(parsed.GetRequiredValue(endpoint));
            var file = await data.ReadAsync(parsed, cancellationToken);
            using var classifier = TrainedClassifier.Open(
                parsed.GetRequiredValue(baseFolder).FullName, parsed.GetRequiredValue(adapter).FullName, parsed.GetRequiredValue(precision), Console.Error);
            EvaluateCommand.ThrowIfUnknownLabels(file, classifier.Labels);
            var sample = Sample(file.Rows, parsed.GetRequiredValue(rows), parsed.GetRequiredValue(seed));

            var ours = Ours(classifier, sample, parsed.GetValue(hourPrice), cancellationToken);
            var requestOptions = new ChatRequestOptions(
                parsed.GetRequiredValue(parallel),
                parsed.GetRequiredValue(rate),
                Attempts: 6,
                TimeSpan.FromSeconds(1),
                new ChatOptions { Temperature = 0, MaxOutputTokens = parsed.GetRequiredValue(maxOutput) });
            using var chat = Chat(address, parsed.GetRequiredValue(model), Environment.GetEnvironmentVariable(parsed.GetRequiredValue(key)));
            var comparison = new ChatComparison(chat, new ZeroShotPrompt(classifier.Labels), requestOptions, TimeProvider.System);
            var results = await CountDisplay.ShowAsync(
                Console.Error,
                $"requests to {parsed.GetRequiredValue(model)}",
                sample.Count,
                progress => comparison.ClassifyAsync(sample, progress, cancellationToken));
            var theirs = Theirs(parsed.GetRequiredValue(model), classifier.Labels, results, parsed.GetValue(inputPrice), parsed.GetValue(outputPrice));

            ComparisonTable.Write(parsed.GetValue(json) ? Console.Error : Console.Out, ours, theirs, results, classifier.Labels);
            if (parsed.GetValue(json))
            {
                var metrics = new { ours, theirs, results.Retries, results.InputTokens, results.OutputTokens };
                Console.Out.WriteLine(JsonSerializer.Serialize(metrics, JsonSerializerOptions.Web));
            }
        });
        return command;
    }

    /// <summary>
    /// The retries of the OpenAI library are off: <see cref="ChatComparison"/> retries itself, so that it can count the retries and
    /// apply the rate limit to them.
    /// </summary>
    internal static IChatClient Chat(Uri endpoint, string model, string? key)
    {
        var credential = new ApiKeyCredential(string.IsNullOrEmpty(key) ? "none" : key);
        var options = new OpenAIClientOptions
        {
            Endpoint = endpoint,
            RetryPolicy = new ClientRetryPolicy(maxRetries: 0),
            NetworkTimeout = TimeSpan.FromSeconds(100),
        };
        return new OpenAIClient(credential, options).GetChatClient(model).AsIChatClient();
    }

    internal static LabelFigures Theirs(
        string name, IReadOnlyList<string> labels, ChatResults results, double? inputPrice, double? outputPrice) => LabelFigures.Compute(
        $"{name}, zero-shot",
        labels,
        [.. results.Rows.Select(result => result.Row.Label)],
        [.. results.Rows.Select(result => result.Label)],
        results.Rows.Count / results.Duration.TotalSeconds,
        inputPrice is { } input && outputPrice is { } output && results is { InputTokens: { } read, OutputTokens: { } written }
            ? ((read * input) + (written * output)) / 1e6 / results.Rows.Count(result => !result.Failed) * 1000
            : null);

    private static LabelFigures Ours(TrainedClassifier classifier, IReadOnlyList<DataSetRow> rows, double? hourPrice, CancellationToken cancellationToken)
    {
        var begin = TimeProvider.System.GetTimestamp();
        var logits = classifier.Logits(rows.Select(row => row.Text), cancellationToken);
        var articlesPerSecond = rows.Count / TimeProvider.System.GetElapsedTime(begin).TotalSeconds;
        return LabelFigures.Compute(
            "this adapter",
            classifier.Labels,
            [.. rows.Select(row => row.Label)],
            [.. logits.Select(row => classifier.Labels[Array.IndexOf(row, row.Max())])],
            articlesPerSecond,
            hourPrice / (articlesPerSecond * 3600) * 1000);
    }

    private static IReadOnlyList<DataSetRow> Sample(IReadOnlyList<DataSetRow> rows, int count, int seed)
    {
        var test = rows.Where(row => row.Part == DataPart.Test).ToArray();
        var shuffled = test.Length > 0 ? test : [.. rows];
        new Random(seed).Shuffle(shuffled);
        return [.. shuffled.Take(count)];
    }

    private static Uri Address(string endpoint) =>
        Uri.TryCreate(endpoint, UriKind.Absolute, out var address) && address.Scheme is "http" or "https"
            ? address
            : throw new InvalidTrainOptionsException($"--endpoint is '{endpoint}'; it must be an HTTP address such as https://api.openai.com/v1.");
}

using System.Globalization;
using Serverless.Llama.Files;
using Serverless.Llama.Kernels;
using Serverless.Llama.Tokenizer;
using Serverless.Trainer.Data;
using static TorchSharp.torch;

namespace Serverless.Benchmarks.Serving;

/// <summary>Compares bf16 and int8 with fp32: the accuracy of the starter model, and logits in the 1B shape.</summary>
internal static class AgreementBenchmark
{
    private const double HeldOut = 0.1; // the trainer's default, so the starter was not trained on these rows
    private const int Batch = 32;
    private const int LargeArticles = 8;

    private static readonly (string Name, ScalarType Type, Precision Merged)[] Precisions =
        [("fp32", ScalarType.Float32, Precision.Fp32), ("bf16", ScalarType.BFloat16, Precision.Bf16), ("int8", ScalarType.BFloat16, Precision.Int8)];

    /// <param name="cache">The folder of the model in the 1B shape.</param>
    /// <param name="data">A CSV file of training articles; null to skip the accuracy of the starter.</param>
    /// <returns>Markdown.</returns>
    public static async Task<string> RunAsync(string cache, string? data, CancellationToken cancellationToken) => $"""
        ## Agreement of the precisions

        {(data is null ? "The starter model's accuracy is measured with `--data train.csv` only." : await StarterAsync(data, cancellationToken))}

        {Large(cache)}
        """;

    private static async Task<string> StarterAsync(string data, CancellationToken cancellationToken)
    {
        var adapter = Path.Combine(Models.StarterModel.Folder, "adapters", "news");
        var labels = ClassifierMetadata.Read(adapter);
        var tokenizer = LlamaTokenizer.Read(Path.Combine(Models.StarterModel.Folder, "base", "tokenizer.json"));
        var rows = (await DataSet.LoadAsync(data, HeldOut, cancellationToken: cancellationToken)).HeldOut;
        var texts = rows.Select(row => tokenizer.Encode(row.Text, labels.MaxTokens).Ids).ToArray();
        var expected = rows.Select(row => row.Label).ToArray();
        var predictions = Precisions.ToDictionary(precision => precision.Name, precision =>
        {
            using var network = Network.Open(Path.Combine(Models.StarterModel.Folder, "base"), adapter, precision.Type, precision.Merged);
            return texts.Chunk(Batch).SelectMany(network.Logits).Select(logits => labels.Labels[Array.IndexOf(logits, logits.Max())]).ToArray();
        });
        var reference = predictions["fp32"];
        var lines = Precisions.Select(precision =>
        {
            var predicted = predictions[precision.Name];
            var right = predicted.Zip(expected).Count(pair => pair.First == pair.Second);
            var lost = Enumerable.Range(0, predicted.Length).Count(i => reference[i] == expected[i] && predicted[i] != expected[i]);
            var won = Enumerable.Range(0, predicted.Length).Count(i => reference[i] != expected[i] && predicted[i] == expected[i]);
            var other = predicted.Zip(reference).Count(pair => pair.First != pair.Second);
            return string.Create(CultureInfo.InvariantCulture,
                $"| {precision.Name} | {(double)right / predicted.Length:0.0000} | {100.0 * (lost - won) / predicted.Length:0.00} | {other} | {lost} | {won} |");
        });
        return $"""
            The starter model on {rows.Count:N0} held-out training rows of AG News:

            | | accuracy | points lost to fp32 | other labels than fp32 | right in fp32 only | right here only |
            | --- | --- | --- | --- | --- | --- |
            {string.Join('\n', lines)}
            """;
    }

    private static string Large(string cache)
    {
        var texts = Articles.Draw(LargeArticles, 128000, seed: 1);
        var logits = Precisions.ToDictionary(precision => precision.Name, precision =>
        {
            using var network = Network.Open(ModelFolder.Base(cache), ModelFolder.Adapter(cache, 1), precision.Type, precision.Merged);
            return network.Logits(texts);
        });
        var lines = Precisions.Skip(1).Select(precision => string.Create(CultureInfo.InvariantCulture,
            $"| {precision.Name} | {RelativeError(logits["fp32"], logits[precision.Name]):0.0000} | {RelativeError(logits["bf16"], logits[precision.Name]):0.0000} | {Same(logits["fp32"], logits[precision.Name])} of {texts.Length} |"));
        return $"""
            Logits in the 1B shape, random weights, {texts.Length} articles: length of the difference over length of the logits, and how often the label is the same.

            | | to fp32 | to bf16 | same label as fp32 |
            | --- | --- | --- | --- |
            {string.Join('\n', lines)}
            """;
    }

    private static double RelativeError(float[][] expected, float[][] actual)
    {
        var (differences, all) = (0.0, 0.0);
        foreach (var (reference, value) in expected.SelectMany(row => row).Zip(actual.SelectMany(row => row)))
        {
            differences += Math.Pow(reference - value, 2);
            all += Math.Pow(reference, 2);
        }

        return Math.Sqrt(differences / all);
    }

    private static int Same(float[][] expected, float[][] actual) =>
        expected.Zip(actual).Count(pair => Array.IndexOf(pair.First, pair.First.Max()) == Array.IndexOf(pair.Second, pair.Second.Max()));
}

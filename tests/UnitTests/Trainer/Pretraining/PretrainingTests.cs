using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Serverless.Llama;
using Serverless.Llama.Files;
using Serverless.Llama.Tokenizer;
using Serverless.Trainer.Pretraining;
using static TorchSharp.torch;

namespace Serverless.UnitTests.Trainer.Pretraining;

public sealed class PretrainingTests
{
    private static readonly string[] Documents =
    [
        "The river rose after the rain, and the bridge was closed.",
        "After the rain the bridge over the river was closed again.",
        "A late train waited at the river while the rain went on.",
    ];

    private static readonly PretrainOptions Toy = new()
    {
        VocabSize = 300,
        HiddenSize = 16,
        IntermediateSize = 24,
        NumHiddenLayers = 2,
        NumAttentionHeads = 4,
        NumKeyValueHeads = 2,
        BatchTokens = 60,
        TotalTokens = 60 * 12,
        WarmupSteps = 2,
        SaveSteps = 4,
        SampledTokens = 100,
    };

    [Fact]
    public void The_most_frequent_pair_of_neighbours_becomes_the_first_token()
    {
        // "a b" five times, then "ab ab" twice
        var merges = BpeTrainer.Learn(["abab abab ab b"], new Regex("[^ ]+"), merges: 2);

        Assert.Equal([('a', 'b'), (256, 256)], merges);
    }

    [Fact]
    public void The_learned_tokenizer_reads_whole_frequent_words_as_one_token()
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "tokenizer.json");
        TokenizerTraining.Write(path, Documents, vocabularySize: 340);

        var tokenizer = LlamaTokenizer.Read(path);

        var the = tokenizer.Encode("x the river", 16).Ids;
        Assert.Equal(4, the.Length); // begin of text, x, " the", " river"
        Assert.Equal(tokenizer.BosTokenId, the[0]);
    }

    [Fact]
    public void A_long_document_goes_on_in_the_next_sequence_and_ends_once()
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "tokenizer.json");
        TokenizerTraining.Write(path, Documents, vocabularySize: 300);
        var tokenizer = LlamaTokenizer.Read(path);
        var whole = tokenizer.Encode(Documents[0], 1000).Ids;

        var sequences = Corpus.Tokenize([Documents[0]], tokenizer, length: 8);

        Assert.All(sequences, sequence => Assert.Equal(tokenizer.BosTokenId, sequence[0]));
        Assert.All(sequences, sequence => Assert.InRange(sequence.Length, 3, 8));
        Assert.Equal([.. whole[1..], tokenizer.BosTokenId!.Value + 1], sequences.SelectMany(sequence => sequence[1..]).Take(whole.Length));
    }

    [Fact]
    public void Pretraining_that_was_stopped_ends_in_the_same_weights_as_one_that_was_not()
    {
        using var folder = new TemporaryFolder();
        var sequences = Sequences();

        using var whole = Run(Path.Combine(folder.Path, "whole"), sequences, stopAfter: null);
        Run(Path.Combine(folder.Path, "parts"), sequences, stopAfter: 6).Dispose();
        using var resumed = Run(Path.Combine(folder.Path, "parts"), sequences, stopAfter: null);

        Assert.All(whole.Weights.NamedTensors, entry => Assert.True(entry.Value.equal(resumed.Weights[entry.Name]).all().item<bool>(), entry.Name));
    }

    [Fact]
    public void Pretraining_learns_its_text()
    {
        using var folder = new TemporaryFolder();
        var losses = new List<double>();

        using var loop = new PretrainingLoop(
            Fresh(), Toy with { TotalTokens = 60 * 60, LearningRate = 1e-2 }, float32, Sequences(), Path.Combine(folder.Path, "checkpoint"));
        loop.Run(Sequences(), new Losses(losses), TimeProvider.System, TestContext.Current.CancellationToken);

        Assert.Equal(Math.Log(300), losses[0], 0.2); // nothing known: every token equally likely
        Assert.True(losses[^1] < losses[0] / 2, $"from {losses[0]:F2} to {losses[^1]:F2}");
    }

    [Fact]
    public void Layers_that_are_added_to_a_base_change_nothing_at_first()
    {
        using var folder = new TemporaryFolder();
        var (first, second) = (Path.Combine(folder.Path, "first"), Path.Combine(folder.Path, "second"));
        var text = new FileInfo(Path.Combine(folder.Path, "text.txt"));
        File.WriteAllLines(text.FullName, Documents);
        BaseModelPretrainer.Run([text], [], first, startFrom: null, Toy, TextWriter.Null, TimeProvider.System, TestContext.Current.CancellationToken);

        BaseModelPretrainer.Run(
            [text], [], second, HuggingFaceFolder.Open(first), Toy with { NumHiddenLayers = 4, LearningRate = 1e-12 }, TextWriter.Null, TimeProvider.System, TestContext.Current.CancellationToken);

        Assert.Equal(4, LlamaConfig.Read(Path.Combine(second, "config.json")).NumHiddenLayers);
        Assert.True(allclose(States(first), States(second), 1e-3, 1e-3));
    }

    private static Tensor States(string folder)
    {
        using var weights = HuggingFaceFolder.Open(folder).LoadWeights(float32);
        using var model = new LlamaModel(weights, float32, float32);
        using var batch = PackedBatch.Create([[1, 2, 3, 4, 5]], CPU);
        using var guard = no_grad();
        return model.Forward(batch, pooledOnly: false);
    }

    [Fact]
    public void Pretraining_continues_from_a_base_and_does_not_change_its_files()
    {
        using var folder = new TemporaryFolder();
        var (first, second) = (Path.Combine(folder.Path, "first"), Path.Combine(folder.Path, "second"));
        var text = new FileInfo(Path.Combine(folder.Path, "text.txt"));
        File.WriteAllLines(text.FullName, Documents);
        var options = Toy with { TotalTokens = 60 * 100, LearningRate = 1e-2 };
        Make(first, startFrom: null, options);
        var before = Weights(first);

        var log = Make(second, HuggingFaceFolder.Open(first), options with { HiddenSize = 32, LearningRate = 1e-12 });

        Assert.True(FirstLoss(log) < Math.Log(300) / 2, log); // nothing known would be log(300)
        Assert.All(new[] { "config.json", "tokenizer.json" }, file => Assert.Equal(
            File.ReadAllText(Path.Combine(first, file)), File.ReadAllText(Path.Combine(second, file))));
        Assert.Equal(before, Weights(first));
        var record = JsonNode.Parse(File.ReadAllText(Path.Combine(second, "pretraining.json")))!;
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(before)), (string?)record["started_from"]!["weights"]![0]!["sha256"]);
        Assert.Equal(0.01, (double?)record["started_from"]!["pretraining"]!["options"]!["learning_rate"]);
        Assert.Equal(16, (int?)record["options"]!["hidden_size"]);

        string Make(string output, HuggingFaceFolder? startFrom, PretrainOptions settings)
        {
            using var written = new StringWriter();
            BaseModelPretrainer.Run([text], [], output, startFrom, settings, written, TimeProvider.System, TestContext.Current.CancellationToken);
            return written.ToString();
        }
    }

    private static byte[] Weights(string folder) => File.ReadAllBytes(Path.Combine(folder, "model.safetensors"));

    private static double FirstLoss(string log) =>
        double.Parse(Regex.Match(log, @"loss (\d+\.\d+)").Groups[1].Value, CultureInfo.InvariantCulture);

    private static LlamaWeights Fresh() => LlamaWeights.Random(Toy.Shape(), float32, Toy.Seed);

    private static List<int[]> Sequences()
    {
        var random = new Random(3);
        return [.. Enumerable.Range(0, 40).Select(_ => Enumerable.Range(0, random.Next(4, 20)).Select(i => (i * 7 + 3) % 300).ToArray())];
    }

    /// <summary>Runs to the end, or is stopped as a cancelled run is: after a step, at no checkpoint.</summary>
    private static PretrainingLoop Run(string checkpoint, List<int[]> sequences, int? stopAfter)
    {
        using var stop = new CancellationTokenSource();
        var loop = new PretrainingLoop(Fresh(), Toy, float32, sequences, checkpoint);
        try
        {
            loop.Run(sequences, new StopAfter(stopAfter, stop), TimeProvider.System, stop.Token);
        }
        catch (OperationCanceledException) when (stopAfter is not null)
        {
        }

        return loop;
    }

    private sealed class StopAfter(int? step, CancellationTokenSource stop) : IProgress<PretrainingProgress>
    {
        public void Report(PretrainingProgress value)
        {
            if (value.Step == step)
            {
                stop.Cancel();
            }
        }
    }

    private sealed class Losses(List<double> losses) : IProgress<PretrainingProgress>
    {
        public void Report(PretrainingProgress value) => losses.Add(value.Loss);
    }
}

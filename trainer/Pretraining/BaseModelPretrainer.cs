using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using Serverless.Llama;
using Serverless.Llama.Files;
using Serverless.Llama.Tokenizer;
using Serverless.Trainer.Data;
using static TorchSharp.torch;

namespace Serverless.Trainer.Pretraining;

/// <summary>From plain text to a Hugging Face folder: vocabulary, language model, files.</summary>
internal static class BaseModelPretrainer
{
    private const string RecordFile = "pretraining.json";
    private const double HeldOutFraction = 0.005; // of the documents, by their text: a copy of one is held out too

    /// <summary>Makes the folder, or goes on making it where a stopped run left off.</summary>
    /// <param name="text">Files of text; see <see cref="TextFiles"/>. A file named twice counts twice.</param>
    /// <param name="exclude">Files of test articles; texts that overlap with one of them are left out.</param>
    /// <param name="output">The folder.</param>
    /// <param name="startFrom">A base to go on from: its shape (but for layers to add), its vocabulary and its weights. Null begins with nothing.</param>
    /// <param name="options">The shape and the schedule.</param>
    /// <param name="log">Told what is done.</param>
    /// <param name="time">For the speed.</param>
    /// <param name="cancellationToken">Ends the training between two steps.</param>
    public static void Run(
        IReadOnlyList<FileInfo> text, IReadOnlyList<FileInfo> exclude, string output, HuggingFaceFolder? startFrom, PretrainOptions options,
        TextWriter log, TimeProvider time, CancellationToken cancellationToken)
    {
        if (startFrom is { Config.TieWordEmbeddings: false })
        {
            throw new InvalidDataException($"{startFrom.Path}: its embedding and its language-model head are not tied; pretraining goes on from tied ones only.");
        }

        options = startFrom is null ? options : options.WithShapeOf(startFrom.Config);
        var excluded = Shingles.FromFiles(exclude);
        var found = TextFiles.Read(text).ToLookup(document => excluded.Find(document) is not null);
        string[] documents = [.. found[false]];
        var tokenizerPath = Path.Combine(output, "tokenizer.json");
        Directory.CreateDirectory(Path.Combine(output, "checkpoint"));
        if (startFrom is not null)
        {
            File.Copy(startFrom.TokenizerPath, tokenizerPath, overwrite: true);
        }
        else if (!File.Exists(tokenizerPath))
        {
            TokenizerTraining.Write(tokenizerPath, documents, options.VocabSize);
        }

        var tokenizer = LlamaTokenizer.Read(tokenizerPath);
        var parts = documents.ToLookup(document => TextHash.Compute(document).Fraction < HeldOutFraction);
        var training = Corpus.Tokenize(parts[false], tokenizer, options.MaxLength);
        var heldOut = Corpus.Tokenize(parts[true].Distinct(), tokenizer, options.MaxLength);
        var tokens = training.Sum(sequence => (long)sequence.Length);
        if (exclude.Count > 0)
        {
            log.WriteLine($"left out {found[true].Count()} texts that share {Shingles.Length} words in a row with an article of {string.Join(", ", exclude.Select(file => file.Name))}");
        }

        log.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"text   {documents.Length} documents, {tokens} tokens; {heldOut.Count} of {training.Count + heldOut.Count} sequences held out"));

        var checkpoint = Path.Combine(output, "checkpoint", "checkpoint.safetensors");
        var weights = startFrom is null ? LlamaWeights.Random(options.Shape(), float32, options.Seed) : AddLayers(startFrom, options);
        using var loop = new PretrainingLoop(weights, options, bfloat16, training, checkpoint);
        var progress = new PretrainingLog(log);
        loop.Run(heldOut, progress, time, cancellationToken);

        var begin = tokenizer.BosTokenId!.Value;
        weights.Config.Write(Path.Combine(output, "config.json"), "bfloat16", begin, begin + 1);
        SafetensorsWriter.Write(Path.Combine(output, "model.safetensors"), loop.Weights.All.Select(entry => (entry.Name, entry.Value.to(bfloat16))));
        File.WriteAllText(Path.Combine(output, RecordFile), CreateRecord(text, exclude, startFrom, options, tokens, progress.HeldOutLoss).ToJsonString(Json) + "\n");
        Directory.Delete(Path.Combine(output, "checkpoint"), recursive: true);
    }

    /// <summary>
    /// The weights of a base, in memory of their own. Layers that it does not have come on top and at first add nothing to what they are
    /// given (Chen et al. 2016, arXiv:1511.05641): the model foretells as well as before.
    /// </summary>
    private static LlamaWeights AddLayers(HuggingFaceFolder folder, PretrainOptions options)
    {
        using var mapped = folder.LoadWeights(float32);
        var found = mapped.NamedTensors.ToDictionary(entry => entry.Name, entry => entry.Value, StringComparer.Ordinal);
        var grown = LlamaWeights.Random(mapped.Config with { NumHiddenLayers = options.NumHiddenLayers }, float32, options.Seed);
        foreach (var (name, weight) in grown.NamedTensors)
        {
            if (found.TryGetValue(name, out var value))
            {
                weight.copy_(value);
            }
            else if (name.EndsWith("o_proj.weight", StringComparison.Ordinal) || name.EndsWith("down_proj.weight", StringComparison.Ordinal))
            {
                weight.zero_();
            }
        }

        return grown;
    }

    /// <summary>What the base was made from, so that it can be made again.</summary>
    private static JsonObject CreateRecord(
        IReadOnlyList<FileInfo> text, IReadOnlyList<FileInfo> exclude, HuggingFaceFolder? startFrom, PretrainOptions options, long tokens, double? heldOutLoss) => new()
        {
            ["started_from"] = startFrom is null ? null : Provenance(new DirectoryInfo(startFrom.Path)),
            ["options"] = JsonSerializer.SerializeToNode(options, Json),
            ["text"] = Files(text),
            ["exclude"] = Files(exclude),
            ["tokens_in_text"] = tokens,
            ["held_out_loss"] = heldOutLoss,
        };

    /// <summary>The weights of a base, and what it was made from where that is recorded.</summary>
    private static JsonObject Provenance(DirectoryInfo folder)
    {
        var record = Path.Combine(folder.FullName, RecordFile);
        return new JsonObject
        {
            ["weights"] = Files([.. folder.GetFiles("*.safetensors").OrderBy(file => file.Name, StringComparer.Ordinal)]),
            ["pretraining"] = File.Exists(record) ? JsonNode.Parse(File.ReadAllText(record)) : null,
        };
    }

    private static JsonArray Files(IReadOnlyList<FileInfo> files) =>
        new([.. files.Select(file => new JsonObject { ["file"] = file.Name, ["sha256"] = Sha256(file) })]);

    private static string Sha256(FileInfo file)
    {
        using var stream = file.OpenRead();
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }

    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    private sealed class PretrainingLog(TextWriter log) : IProgress<PretrainingProgress>
    {
        private const int LoggingSteps = 25;

        public double? HeldOutLoss { get; private set; } // null for a text too small to hold any of it out

        public void Report(PretrainingProgress value)
        {
            if (value.Step % LoggingSteps == 0 || value.HeldOutLoss is not null)
            {
                log.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"step {value.Step}/{value.Steps}  loss {value.Loss:0.000}  lr {value.LearningRate:0.0e+0}  {value.TokensPerSecond:0} tokens/s"));
            }

            if (value.HeldOutLoss is { } loss)
            {
                HeldOutLoss = loss;
                log.WriteLine(string.Create(CultureInfo.InvariantCulture, $"step {value.Step}/{value.Steps}  held-out loss {loss:0.000}; checkpoint written"));
            }
        }
    }
}

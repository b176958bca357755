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

/// <summary>Pretrains a base model on plain text: trains the tokenizer and the language model, and writes a Hugging Face folder.</summary>
internal static class BaseModelPretrainer
{
    private const string RecordFile = "pretraining.json";
    private const double HeldOutFraction = 0.005; // of the documents, by a hash of their text, so that duplicates are held out together

    /// <summary>Writes the folder, or resumes a stopped run.</summary>
    /// <param name="text">Text files; see <see cref="TextFiles"/>. A file that is named twice counts twice.</param>
    /// <param name="exclude">Files of test articles; texts that overlap with one of them are excluded.</param>
    /// <param name="output">The output folder.</param>
    /// <param name="startFrom">
    /// A base model to continue from, with its shape (except for added layers), tokenizer and weights. Null starts with random weights.
    /// </param>
    /// <param name="options">The shape of the model and the schedule.</param>
    /// <param name="log">Receives log lines.</param>
    /// <param name="time">The clock, to measure the speed.</param>
    /// <param name="cancellationToken">Stops the training between two steps.</param>
    public static void Run(
        IReadOnlyList<FileInfo> text, IReadOnlyList<FileInfo> exclude, string output, HuggingFaceFolder? startFrom, PretrainOptions options,
        TextWriter log, TimeProvider time, CancellationToken cancellationToken)
    {
        if (startFrom is { Config.TieWordEmbeddings: false })
        {
            throw new UserException($"{startFrom.Path}: its embedding and its language model head are not tied; pretraining supports tied ones only.");
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
            var names = string.Join(", ", exclude.Select(file => file.Name));
            log.WriteLine(
                $"excluded {found[true].Count()} texts that share {Shingles.Length} consecutive words with an article of {names}");
        }

        log.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"text   {documents.Length} documents, {tokens} tokens; " +
            $"{heldOut.Count} of {training.Count + heldOut.Count} sequences held out"));

        var checkpoint = Path.Combine(output, "checkpoint", "checkpoint.safetensors");
        var weights = startFrom is null ? LlamaWeights.Random(options.Shape(), float32, options.Seed) : AddLayers(startFrom, options);
        using var loop = new PretrainingLoop(weights, options, bfloat16, training, checkpoint);
        var progress = new PretrainingLog(log);
        loop.Run(heldOut, progress, time, cancellationToken);

        var begin = tokenizer.BosTokenId!.Value;
        weights.Config.Write(Path.Combine(output, "config.json"), "bfloat16", begin, begin + 1);
        SafetensorsWriter.Write(Path.Combine(output, "model.safetensors"), loop.Weights.NamedTensors.Select(entry => (entry.Name, entry.Value.to(bfloat16))));
        var record = CreateRecord(text, exclude, startFrom, options, tokens, progress.HeldOutLoss);
        File.WriteAllText(Path.Combine(output, RecordFile), record.ToJsonString(Json) + "\n");
        Directory.Delete(Path.Combine(output, "checkpoint"), recursive: true);
    }

    /// <summary>
    /// Copies the weights of a base and adds layers on top of it. The new layers have no effect at first (Chen et al. 2016,
    /// arXiv:1511.05641), so the model predicts as well as before.
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

    /// <summary>The record of a run, from which it can be repeated.</summary>
    private static JsonObject CreateRecord(
        IReadOnlyList<FileInfo> text,
        IReadOnlyList<FileInfo> exclude,
        HuggingFaceFolder? startFrom,
        PretrainOptions options,
        long tokens,
        double? heldOutLoss) => new()
        {
            ["started_from"] = startFrom is null ? null : Provenance(new DirectoryInfo(startFrom.Path)),
            ["options"] = JsonSerializer.SerializeToNode(options, Json),
            ["text"] = Files(text),
            ["exclude"] = Files(exclude),
            ["tokens_in_text"] = tokens,
            ["held_out_loss"] = heldOutLoss,
        };

    /// <summary>The files of a base model, and its own record where there is one.</summary>
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

        public double? HeldOutLoss { get; private set; } // null if the text is too small for held-out documents

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
                log.WriteLine(string.Create(CultureInfo.InvariantCulture, $"step {value.Step}/{value.Steps}  held-out loss {loss:0.000}; checkpoint saved"));
            }
        }
    }
}

using System.Text.Json;
using Serverless.Llama.Tokenizer;
using static TorchSharp.torch;

namespace Serverless.Llama.Files;

/// <summary>
/// A base model in the layout of the Hugging Face Hub: <c>config.json</c>, <c>tokenizer.json</c>, and the weights in
/// <c>model.safetensors</c> or in the shards listed in <c>model.safetensors.index.json</c>. Other files are ignored.
/// </summary>
public sealed class HuggingFaceFolder
{
    private const string SingleFile = "model.safetensors";
    private const string IndexFile = "model.safetensors.index.json";
    private const string DecoderPrefix = "model.";
    private const long AnySize = -1;

    private HuggingFaceFolder(string path, LlamaConfig config)
    {
        Path = path;
        Config = config;
    }

    public string Path { get; }

    public LlamaConfig Config { get; }

    public string TokenizerPath => System.IO.Path.Combine(Path, "tokenizer.json");

    /// <exception cref="InvalidDataException">A file is missing or not supported; the message names it.</exception>
    public static HuggingFaceFolder Open(string path)
    {
        foreach (var name in new[] { "config.json", "tokenizer.json" })
        {
            if (!LinkedFile.Exists(System.IO.Path.Combine(path, name)))
            {
                throw new InvalidDataException($"{path}: {name} is missing. A base model folder needs config.json, tokenizer.json and {SingleFile}.");
            }
        }

        return new HuggingFaceFolder(path, LlamaConfig.Read(System.IO.Path.Combine(path, "config.json")));
    }

    /// <summary>Reads the tokenizer, and checks that the embedding has a row for each id that a text can have.</summary>
    /// <exception cref="InvalidDataException">The file is not a supported tokenizer, or not the one of this model.</exception>
    public LlamaTokenizer ReadTokenizer()
    {
        var tokenizer = LlamaTokenizer.Read(TokenizerPath);
        return tokenizer.LastToken.Id < Config.VocabSize
            ? tokenizer
            : throw new InvalidDataException(
                $"{TokenizerPath}: the token \"{tokenizer.LastToken.Name}\" has the id {tokenizer.LastToken.Id}, " +
                $"but the embedding has {Config.VocabSize} rows (\"vocab_size\" in config.json).");
    }

    /// <summary>
    /// The rows of the checkpoint's classification head that stand for these labels (<c>id2label</c> in <c>config.json</c>): a new adapter for the
    /// same labels continues what that head has learned.
    /// </summary>
    /// <returns>Null if the checkpoint has no head, or one for other labels.</returns>
    public IReadOnlyList<long>? FindHeadRows(IReadOnlyList<string> labels)
    {
        // Fine-tuned language models have two labels that no head stands for, or lists that are not valid.
        if (!FindTensors().ContainsKey(LlamaWeights.ScoreName) || HubLabels.FindValid(Path) is not { } rows || !rows.ToHashSet().SetEquals(labels))
        {
            return null;
        }

        return [.. labels.Select(label => (long)rows.ToList().IndexOf(label))];
    }

    /// <summary>
    /// Loads the weights as <paramref name="dtype"/>. On the CPU, tensors that already have this type are memory-mapped; all others are
    /// converted copies.
    /// </summary>
    /// <exception cref="InvalidDataException">A tensor is missing or of another shape; the message names it.</exception>
    public LlamaWeights LoadWeights(ScalarType dtype, Device? device = null)
    {
        var fileOfTensor = FindTensors();
        var files = new Dictionary<string, SafetensorsFile>(StringComparer.Ordinal);
        var tensors = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        try
        {
            var names = LlamaWeights.ExpectedTensors(Config);
            if (fileOfTensor.ContainsKey(LlamaWeights.ScoreName))
            {
                names = names.Append((LlamaWeights.ScoreName, [AnySize, Config.HiddenSize]));
            }

            foreach (var (name, shape) in names)
            {
                var storedName = FindStoredName(name, fileOfTensor);
                var file = fileOfTensor[storedName];
                if (!files.TryGetValue(file, out var safetensors))
                {
                    files.Add(file, safetensors = SafetensorsFile.Open(System.IO.Path.Combine(Path, file)));
                }

                tensors.Add(name, Load(safetensors, storedName, shape, dtype, device ?? CPU));
            }

            return new LlamaWeights(Config, tensors);
        }
        catch
        {
            foreach (var tensor in tensors.Values)
            {
                tensor.Dispose();
            }

            throw;
        }
        finally
        {
            foreach (var file in files.Values)
            {
                file.Dispose();
            }
        }
    }

    /// <summary>The name of a tensor in the files: checkpoints of the decoder without a head lack the prefix "model.".</summary>
    private string FindStoredName(string name, Dictionary<string, string> fileOfTensor)
    {
        if (fileOfTensor.ContainsKey(name))
        {
            return name;
        }

        return name.StartsWith(DecoderPrefix, StringComparison.Ordinal) && fileOfTensor.ContainsKey(name[DecoderPrefix.Length..])
            ? name[DecoderPrefix.Length..]
            : throw new InvalidDataException($"{Path}: tensor \"{name}\" is missing.");
    }

    private Tensor Load(SafetensorsFile file, string name, long[] shape, ScalarType dtype, Device device)
    {
        if (!file.Entries.TryGetValue(name, out var entry))
        {
            throw new InvalidDataException($"{Path}: tensor \"{name}\" is listed in {IndexFile}, but its file does not contain it.");
        }

        if (entry.Shape.Length != shape.Length || entry.Shape.Zip(shape).Any(sizes => sizes.Second != AnySize && sizes.First != sizes.Second))
        {
            var expected = string.Join(", ", shape.Select(size => size == AnySize ? "any number" : $"{size}"));
            throw new InvalidDataException(
                $"{Path}: tensor \"{name}\" has shape [{string.Join(", ", entry.Shape)}]; config.json requires [{expected}].");
        }

        using var scope = NewDisposeScope();
        return file.Read(name).to(dtype).to(device).DetachFromDisposeScope();
    }

    /// <summary>The file name of each tensor.</summary>
    private Dictionary<string, string> FindTensors()
    {
        if (LinkedFile.Exists(System.IO.Path.Combine(Path, IndexFile)))
        {
            return ReadIndex(System.IO.Path.Combine(Path, IndexFile));
        }

        var single = System.IO.Path.Combine(Path, SingleFile);
        return LinkedFile.Exists(single)
            ? SafetensorsHeader.Read(single).Entries.Keys.ToDictionary(name => name, _ => SingleFile, StringComparer.Ordinal)
            : throw new InvalidDataException($"{Path}: both {SingleFile} and {IndexFile} are missing. Only safetensors files are supported, not pickles.");
    }

    private Dictionary<string, string> ReadIndex(string index)
    {
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllText(index));
            var fileOfTensor = new Dictionary<string, string>(StringComparer.Ordinal);
            foreach (var entry in document.RootElement.GetProperty("weight_map").EnumerateObject())
            {
                var file = entry.Value.GetString() ?? "";
                if (file != System.IO.Path.GetFileName(file) || !LinkedFile.Exists(System.IO.Path.Combine(Path, file)))
                {
                    throw new InvalidDataException($"{index}: \"{file}\" is not a file in this folder.");
                }

                fileOfTensor[entry.Name] = file;
            }

            return fileOfTensor;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            throw new InvalidDataException($"{index}: not an index of safetensors shards ({exception.Message})", exception);
        }
    }
}

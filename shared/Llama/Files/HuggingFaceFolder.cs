using System.Text.Json;
using static TorchSharp.torch;

namespace Serverless.Llama.Files;

/// <summary>
/// A base model as the Hugging Face hub lays it out: <c>config.json</c>, <c>tokenizer.json</c>, and the weights in
/// <c>model.safetensors</c> or in the shards that <c>model.safetensors.index.json</c> lists. Other files are ignored.
/// </summary>
public sealed class HuggingFaceFolder
{
    private const string SingleFile = "model.safetensors";
    private const long AnySize = -1;
    private const string IndexFile = "model.safetensors.index.json";

    private HuggingFaceFolder(string path, LlamaConfig config)
    {
        Path = path;
        Config = config;
    }

    public string Path { get; }

    public LlamaConfig Config { get; }

    public string TokenizerPath => System.IO.Path.Combine(Path, "tokenizer.json");

    /// <exception cref="InvalidDataException">A file is missing or not understood; names it.</exception>
    public static HuggingFaceFolder Open(string path)
    {
        foreach (var name in new[] { "config.json", "tokenizer.json" })
        {
            if (!File.Exists(System.IO.Path.Combine(path, name)))
            {
                throw new InvalidDataException($"{path}: holds no {name}. A base model folder needs config.json, tokenizer.json and {SingleFile}.");
            }
        }

        return new HuggingFaceFolder(path, LlamaConfig.Read(System.IO.Path.Combine(path, "config.json")));
    }

    /// <summary>
    /// The weights as <paramref name="dtype"/>: mapped from the file where they have that type already and stay on the
    /// CPU, converted copies elsewhere.
    /// </summary>
    /// <exception cref="InvalidDataException">A tensor is missing or of another shape; names it.</exception>
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
                // Checkpoints of the bare decoder lack the "model." in front.
                var (stored, file) = fileOfTensor.TryGetValue(name, out var found) ? (name, found)
                    : fileOfTensor.TryGetValue(name["model.".Length..], out found) ? (name["model.".Length..], found)
                    : throw new InvalidDataException($"{Path}: tensor \"{name}\" is missing.");
                if (!files.TryGetValue(file, out var safetensors))
                {
                    files.Add(file, safetensors = SafetensorsFile.Open(System.IO.Path.Combine(Path, file)));
                }

                tensors.Add(name, Load(safetensors, stored, shape, dtype, device ?? CPU));
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

    private Tensor Load(SafetensorsFile file, string name, long[] shape, ScalarType dtype, Device device)
    {
        if (!file.Entries.TryGetValue(name, out var entry))
        {
            throw new InvalidDataException($"{Path}: tensor \"{name}\" is listed in {IndexFile} but not in its file.");
        }

        if (entry.Shape.Length != shape.Length || entry.Shape.Zip(shape).Any(sizes => sizes.Second != AnySize && sizes.First != sizes.Second))
        {
            throw new InvalidDataException(
                $"{Path}: tensor \"{name}\" has shape [{string.Join(", ", entry.Shape)}]; config.json asks for [{string.Join(", ", shape).Replace($"{AnySize}", "any number", StringComparison.Ordinal)}].");
        }

        using var scope = NewDisposeScope();
        return file.Read(name).to(dtype).to(device).DetachFromDisposeScope();
    }

    /// <summary>In which file each tensor lies.</summary>
    private Dictionary<string, string> FindTensors()
    {
        var index = System.IO.Path.Combine(Path, IndexFile);
        if (!File.Exists(index))
        {
            var single = System.IO.Path.Combine(Path, SingleFile);
            return File.Exists(single)
                ? SafetensorsHeader.Read(single).Entries.Keys.ToDictionary(name => name, _ => SingleFile, StringComparer.Ordinal)
                : throw new InvalidDataException($"{Path}: holds neither {SingleFile} nor {IndexFile}. Only safetensors are read, never pickles.");
        }

        try
        {
            using var document = JsonDocument.Parse(File.ReadAllText(index));
            var map = new Dictionary<string, string>(StringComparer.Ordinal);
            foreach (var entry in document.RootElement.GetProperty("weight_map").EnumerateObject())
            {
                map[entry.Name] = entry.Value.GetString() ?? ""; // no file of any folder
            }

            return map.Values.FirstOrDefault(file => file != System.IO.Path.GetFileName(file) || !File.Exists(System.IO.Path.Combine(Path, file))) is { } other
                ? throw new InvalidDataException($"{index}: \"{other}\" is not a file of this folder.")
                : map;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            throw new InvalidDataException($"{index}: not an index of safetensors shards ({exception.Message})", exception);
        }
    }
}

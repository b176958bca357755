using System.Text.Json;
using Serverless.Llama.Lora;
using static TorchSharp.torch;

namespace Serverless.Llama.Files;

/// <summary>
/// A LoRA adapter in PEFT's format: <c>adapter_config.json</c> and <c>adapter_model.safetensors</c>, which includes the classification
/// head. A setting that would change the logits and is not supported is rejected by name.
/// </summary>
public sealed class PeftAdapter : IDisposable
{
    public const string ConfigFileName = "adapter_config.json";
    public const string WeightsFileName = "adapter_model.safetensors";

    private const string Prefix = "base_model.model.";

    private readonly string path;

    private PeftAdapter(string path, LoraConfig config, string? baseModelName, Dictionary<string, Tensor> tensors)
    {
        this.path = path;
        (Config, BaseModelName, Tensors) = (config, baseModelName, tensors);
    }

    public LoraConfig Config { get; }

    public string? BaseModelName { get; }

    /// <summary>The tensors by name, without PEFT's prefix: <c>model.layers.0.self_attn.q_proj.lora_A.weight</c>, …, <c>score.weight</c>.</summary>
    public IReadOnlyDictionary<string, Tensor> Tensors { get; }

    /// <summary>Number of labels: rows of the classification head.</summary>
    public int NumLabels => Tensors.TryGetValue("score.weight", out var score) && score.dim() == 2
        ? (int)score.shape[0]
        : throw new InvalidDataException($"{path}: the classification head \"{Prefix}score.weight\" is missing.");

    /// <exception cref="InvalidDataException">A file is missing, or a setting is not supported; the message names it.</exception>
    public static PeftAdapter Read(string folder)
    {
        foreach (var name in new[] { ConfigFileName, WeightsFileName })
        {
            if (!File.Exists(Path.Combine(folder, name)))
            {
                throw new InvalidDataException($"{folder}: {name} is missing. Only safetensors adapters are supported, not pickles.");
            }
        }

        var configPath = Path.Combine(folder, ConfigFileName);
        var file = JsonConfigReader.Parse(File.ReadAllText(configPath), configPath);
        var config = PeftConfig.Read(file);
        var weightsPath = Path.Combine(folder, WeightsFileName);
        return new PeftAdapter(weightsPath, config, file.GetString("base_model_name_or_path"), ReadTensors(weightsPath));
    }

    private static Dictionary<string, Tensor> ReadTensors(string path)
    {
        using var scope = NewDisposeScope();
        using var safetensors = SafetensorsFile.Open(path);
        var tensors = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        foreach (var name in safetensors.Entries.Keys)
        {
            if (!tensors.TryAdd(RemovePrefix(name, path), safetensors.Read(name)))
            {
                throw new InvalidDataException($"{path}: \"{name}\" occurs under two names.");
            }
        }

        foreach (var value in tensors.Values)
        {
            value.DetachFromDisposeScope();
        }

        return tensors;
    }

    /// <summary>Writes the adapter of a model. PEFT loads it without missing or unexpected keys.</summary>
    public static void Write(string folder, LlamaForSequenceClassification model, LoraConfig config, string baseModelName)
    {
        Directory.CreateDirectory(folder);
        SafetensorsWriter.Write(
            Path.Combine(folder, WeightsFileName),
            model.TrainableParameters.Select(parameter => (Prefix + parameter.Name, parameter.Value)));
        var json = PeftConfig.ToJson(config, baseModelName);
        File.WriteAllText(Path.Combine(folder, ConfigFileName), json.ToJsonString(Indented) + "\n");
    }

    /// <summary>Gets a tensor of the adapter and checks its shape.</summary>
    internal Tensor GetTensor(string name, params long[] shape)
    {
        if (!Tensors.TryGetValue(name, out var value))
        {
            throw new InvalidDataException($"{path}: \"{Prefix}{name}\" is missing.");
        }

        return value.shape.SequenceEqual(shape)
            ? value
            : throw new InvalidDataException(
                $"{path}: \"{Prefix}{name}\" has shape [{string.Join(", ", value.shape)}]; this base model and rank require [{string.Join(", ", shape)}].");
    }

    internal void ThrowIfUnread(IReadOnlyCollection<string> unread)
    {
        if (unread.Count > 0)
        {
            throw new InvalidDataException($"{path}: {unread.Count} tensors do not match any layer of this base model, the first is \"{unread.Order(StringComparer.Ordinal).First()}\".");
        }
    }

    public void Dispose()
    {
        foreach (var tensor in Tensors.Values)
        {
            tensor.Dispose();
        }
    }

    // Some versions of PEFT keep "modules_to_save" in the name of the head; "base_layer" is the name of a wrapped layer.
    private static string RemovePrefix(string name, string path) => name.StartsWith(Prefix, StringComparison.Ordinal)
        ? name[Prefix.Length..]
            .Replace(".modules_to_save.default.", ".", StringComparison.Ordinal)
            .Replace(".modules_to_save.", ".", StringComparison.Ordinal)
            .Replace(".base_layer.", ".", StringComparison.Ordinal)
        : throw new InvalidDataException($"{path}: \"{name}\" does not begin with \"{Prefix}\"; this is not a PEFT adapter.");

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };
}

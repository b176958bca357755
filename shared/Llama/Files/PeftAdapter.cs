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

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    private readonly string path;

    private PeftAdapter(string path, LoraConfig config, string? baseModelName, Dictionary<string, Tensor> tensors)
    {
        this.path = path;
        Config = config;
        BaseModelName = baseModelName;
        Tensors = tensors;
    }

    public LoraConfig Config { get; }

    /// <summary>PEFT's <c>base_model_name_or_path</c>; null if the file does not name a base model.</summary>
    public string? BaseModelName { get; }

    /// <summary>The tensors by name, without PEFT's prefix: <c>model.layers.0.self_attn.q_proj.lora_A.weight</c>, …, <c>score.weight</c>.</summary>
    public IReadOnlyDictionary<string, Tensor> Tensors { get; }

    /// <summary>Number of labels: rows of the classification head.</summary>
    public int NumLabels => Tensors.TryGetValue(LlamaWeights.ScoreName, out var score) && score.dim() == 2
        ? (int)score.shape[0]
        : throw new InvalidDataException($"{path}: the classification head \"{Prefix}{LlamaWeights.ScoreName}\" is missing.");

    /// <exception cref="InvalidDataException">A file is missing, or a setting is not supported; the message names it.</exception>
    public static PeftAdapter Read(string folder)
    {
        foreach (var name in new[] { ConfigFileName, WeightsFileName })
        {
            if (!LinkedFile.Exists(Path.Combine(folder, name)))
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

    /// <summary>Sets the LoRA matrices, biases and classification head of a model to copies of this adapter's tensors.</summary>
    /// <remarks>The LoRA matrices are computed beside the base weights until they are merged.</remarks>
    /// <exception cref="InvalidDataException">A tensor is missing, unexpected or of another shape; the message names it.</exception>
    public void ApplyTo(LlamaForSequenceClassification model)
    {
        using var scope = NewDisposeScope();
        var (decoder, hidden) = (model.Model, model.Config.HiddenSize);
        var unread = Tensors.Keys.ToHashSet(StringComparer.Ordinal);
        foreach (var linear in decoder.Linears.Where(linear => Config.IsTargetModule(linear.Name)))
        {
            linear.SetLora(
                Copy($"{linear.Name}.lora_A.weight", Config.Rank, linear.Weight.shape[1]),
                Copy($"{linear.Name}.lora_B.weight", linear.Weight.shape[0], Config.Rank),
                Config);
        }

        if (Config.IsTargetModule(LoraEmbedding.Name))
        {
            decoder.EmbedTokens.SetLora(
                Copy($"{LoraEmbedding.Name}.lora_embedding_A", Config.Rank, model.Config.VocabSize),
                Copy($"{LoraEmbedding.Name}.lora_embedding_B", hidden, Config.Rank),
                Config);
        }

        foreach (var linear in decoder.Linears.Where(linear => linear.Bias is not null && unread.Contains($"{linear.Name}.bias")))
        {
            linear.SetBias(Copy($"{linear.Name}.bias", linear.Weight.shape[0]));
        }

        model.SetScore(Copy(LlamaWeights.ScoreName, NumLabels, hidden));
        if (unread.Count > 0)
        {
            throw new InvalidDataException(
                $"{path}: {unread.Count} tensors do not match any layer of this base model, the first is \"{unread.Order(StringComparer.Ordinal).First()}\".");
        }

        Tensor Copy(string name, params long[] shape)
        {
            unread.Remove(name);
            return GetTensor(name, shape).to(float32, copy: true).to(model.Device);
        }
    }

    public void Dispose()
    {
        foreach (var tensor in Tensors.Values)
        {
            tensor.Dispose();
        }
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

    /// <summary>Gets a tensor of the adapter and checks its shape.</summary>
    private Tensor GetTensor(string name, long[] shape)
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

    // Some versions of PEFT keep "modules_to_save" in the name of the head; "base_layer" is the name of a wrapped layer.
    private static string RemovePrefix(string name, string path) => name.StartsWith(Prefix, StringComparison.Ordinal)
        ? name[Prefix.Length..]
            .Replace(".modules_to_save.default.", ".", StringComparison.Ordinal)
            .Replace(".modules_to_save.", ".", StringComparison.Ordinal)
            .Replace(".base_layer.", ".", StringComparison.Ordinal)
        : throw new InvalidDataException($"{path}: \"{name}\" does not begin with \"{Prefix}\"; this is not a PEFT adapter.");
}

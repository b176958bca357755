using System.Text.Json;
using System.Text.Json.Nodes;
using Serverless.Model;
using TorchSharp;
using static TorchSharp.torch;

namespace Serverless.Files;

/// <summary>
/// A LoRA adapter as PEFT writes and reads it: <c>adapter_config.json</c> and <c>adapter_model.safetensors</c>, the
/// classification head included. Settings that change the answers and are not implemented are refused by name.
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

    /// <summary>By name, without PEFT's prefix: <c>model.layers.0.self_attn.q_proj.lora_A.weight</c>, …, <c>score.weight</c>.</summary>
    public IReadOnlyDictionary<string, Tensor> Tensors { get; }

    /// <summary>How many labels the head tells apart.</summary>
    public int Labels => Tensors.TryGetValue("score.weight", out var score) && score.dim() == 2
        ? (int)score.shape[0]
        : throw new InvalidDataException($"{path}: holds no classification head \"{Prefix}score.weight\".");

    /// <exception cref="InvalidDataException">The folder holds no adapter that this code understands; names the setting.</exception>
    public static PeftAdapter Read(string folder)
    {
        var configPath = Path.Combine(folder, ConfigFileName);
        var file = ConfigFile.Parse(File.ReadAllText(configPath), configPath);
        var config = ReadConfig(file);
        var weightsPath = Path.Combine(folder, WeightsFileName);
        using var safetensors = SafetensorsFile.Open(weightsPath);
        var tensors = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        foreach (var name in safetensors.Entries.Keys)
        {
            var value = safetensors.Read(name).DetachFromDisposeScope();
            if (!tensors.TryAdd(PlainName(name, weightsPath), value))
            {
                throw new InvalidDataException($"{weightsPath}: \"{name}\" stands there under two names.");
            }
        }

        return new PeftAdapter(weightsPath, config, file.Text("base_model_name_or_path"), tensors);
    }

    /// <summary>Writes the adapter of a model; PEFT loads it with no missing and no unexpected key.</summary>
    public static void Write(string folder, LlamaForSequenceClassification model, LoraConfig config, string baseModelName)
    {
        Directory.CreateDirectory(folder);
        SafetensorsWriter.Write(
            Path.Combine(folder, WeightsFileName),
            model.TrainableParameters.Select(parameter => (Prefix + parameter.Name, parameter.Value)));
        var json = new JsonObject
        {
            ["peft_type"] = "LORA",
            ["task_type"] = "SEQ_CLS",
            ["base_model_name_or_path"] = baseModelName,
            ["r"] = config.Rank,
            ["lora_alpha"] = config.Alpha,
            ["lora_dropout"] = config.Dropout,
            ["target_modules"] = new JsonArray([.. config.TargetModules.Select(name => JsonValue.Create(name))]),
            ["modules_to_save"] = new JsonArray("classifier", "score"),
            ["bias"] = "none",
            ["fan_in_fan_out"] = false,
            ["init_lora_weights"] = true,
            ["inference_mode"] = true,
            ["use_rslora"] = config.UseRslora,
        };
        File.WriteAllText(Path.Combine(folder, ConfigFileName), json.ToJsonString(Indented) + "\n");
    }

    /// <summary>A tensor of the adapter, after a look at its shape.</summary>
    internal Tensor Take(string name, long rows, long columns)
    {
        if (!Tensors.TryGetValue(name, out var value))
        {
            throw new InvalidDataException($"{path}: \"{Prefix}{name}\" is missing.");
        }

        return value.shape is [var r, var c] && r == rows && c == columns
            ? value
            : throw new InvalidDataException(
                $"{path}: \"{Prefix}{name}\" has shape [{string.Join(", ", value.shape)}]; this base model and rank need [{rows}, {columns}].");
    }

    internal void RequireNoneLeft(IReadOnlyCollection<string> unread)
    {
        if (unread.Count > 0)
        {
            throw new InvalidDataException($"{path}: {unread.Count} tensors fit nothing in this base model, first \"{unread.Order(StringComparer.Ordinal).First()}\".");
        }
    }

    public void Dispose()
    {
        foreach (var tensor in Tensors.Values)
        {
            tensor.Dispose();
        }
    }

    private static LoraConfig ReadConfig(ConfigFile file)
    {
        file.Require("peft_type", "LORA");
        file.Require("task_type", "SEQ_CLS");
        file.Require("bias", "none");
        foreach (var key in new[] { "use_dora", "fan_in_fan_out", "lora_bias" })
        {
            file.Refuse(key, "this variant of LoRA is not implemented");
        }

        foreach (var key in new[] { "rank_pattern", "alpha_pattern", "layers_to_transform", "layer_replication" })
        {
            file.Refuse(key, "one rank and alpha for all layers is needed");
        }

        return new LoraConfig
        {
            Rank = file.Int("r", 1, 1 << 16, 8),
            Alpha = file.Number("lora_alpha", 0, 1e9, 8),
            Dropout = file.Number("lora_dropout", 0, 1, 0),
            UseRslora = file.Bool("use_rslora", false),
            TargetModules = file.Texts("target_modules") is { } modules && modules is not ["all-linear"] ? modules : LoraConfig.AllLinear,
        };
    }

    // The head's copy has kept "modules_to_save" in its name in some versions of PEFT.
    private static string PlainName(string name, string path) => name.StartsWith(Prefix, StringComparison.Ordinal)
        ? name[Prefix.Length..].Replace(".modules_to_save.default.", ".", StringComparison.Ordinal).Replace(".modules_to_save.", ".", StringComparison.Ordinal)
        : throw new InvalidDataException($"{path}: \"{name}\" does not begin with \"{Prefix}\"; this is no PEFT adapter.");

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };
}

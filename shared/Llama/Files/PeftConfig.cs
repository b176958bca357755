using System.Text.Json.Nodes;
using Serverless.Llama.Lora;

namespace Serverless.Llama.Files;

/// <summary>
/// Reads and writes PEFT's <c>adapter_config.json</c>. A setting that is not supported is rejected by name: ignoring it would change the
/// logits without an error.
/// </summary>
internal static class PeftConfig
{
    private static readonly string[] SupportedSettings =
    [
        "peft_type", "task_type", "r", "lora_alpha", "lora_dropout", "use_rslora", "target_modules", "modules_to_save", "bias", "init_lora_weights",
    ];

    // The origin of the adapter, and options that have no effect while their variant is switched off.
    private static readonly string[] IgnoredSettings =
        ["base_model_name_or_path", "revision", "peft_version", "auto_mapping", "inference_mode", "megatron_core", "qalora_group_size", "eva_config"];

    // The other initializations (PiSSA, OLoRA, CorDA, LoftQ, …) change the base weights too.
    private static readonly string[] SupportedInitializers = ["gaussian", "orthogonal", "eva"];

    private static readonly string[] HeadNames = ["classifier", "score"];

    private static readonly string[] BiasModes = ["none", "all", "lora_only"];

    /// <exception cref="InvalidDataException">A setting is not supported; the message names it.</exception>
    public static LoraConfig Read(JsonConfigReader file)
    {
        if (!file.Has("peft_type"))
        {
            throw file.Error("peft_type", "is missing");
        }

        file.Expect("peft_type", "LORA");
        file.Expect("task_type", "SEQ_CLS");
        RequireOneOf(file, "bias", BiasModes);
        RequireOneOf(file, "modules_to_save", HeadNames);
        if (!file.IsBoolean("init_lora_weights"))
        {
            RequireOneOf(file, "init_lora_weights", SupportedInitializers);
        }

        foreach (var key in file.Keys.Except(SupportedSettings).Except(IgnoredSettings))
        {
            file.RejectIfSet(key, "the adapter was made by a variant of LoRA that is not implemented");
        }

        return new LoraConfig
        {
            Rank = file.GetInt32("r", 1, 1 << 16, 8),
            Alpha = file.GetDouble("lora_alpha", 0, 1e9, 8),
            Dropout = file.GetDouble("lora_dropout", 0, 1, 0),
            UseRslora = file.GetBoolean("use_rslora", false),
            TargetModules = ReadTargets(file),
        };
    }

    /// <summary>Creates the JSON with the settings that every version of PEFT has.</summary>
    public static JsonObject ToJson(LoraConfig config, string baseModelName) => new()
    {
        ["peft_type"] = "LORA",
        ["task_type"] = "SEQ_CLS",
        ["base_model_name_or_path"] = baseModelName,
        ["r"] = config.Rank,
        ["lora_alpha"] = config.Alpha,
        ["lora_dropout"] = config.Dropout,
        ["target_modules"] = new JsonArray([.. config.TargetModules.Select(name => JsonValue.Create(name))]),
        ["modules_to_save"] = new JsonArray([.. HeadNames.Select(name => JsonValue.Create(name))]),
        ["bias"] = "none",
        ["fan_in_fan_out"] = false,
        ["init_lora_weights"] = true,
        ["inference_mode"] = true,
        ["use_rslora"] = config.UseRslora,
    };

    private static IReadOnlyList<string> ReadTargets(JsonConfigReader file)
    {
        if (file.IsString("target_modules"))
        {
            return string.Equals(file.GetString("target_modules"), "all-linear", StringComparison.OrdinalIgnoreCase)
                ? LoraConfig.AllLinear
                : throw file.Error("target_modules", "must be a list of names or \"all-linear\"; a regular expression is not supported");
        }

        return file.GetStrings("target_modules") ?? throw file.Error("target_modules", "is missing");
    }

    private static void RequireOneOf(JsonConfigReader file, string key, string[] accepted)
    {
        if (file.GetStrings(key)?.Except(accepted).FirstOrDefault() is { } other)
        {
            throw file.Error(key, $"\"{other}\" is not supported; only {string.Join(", ", accepted)} are");
        }
    }
}

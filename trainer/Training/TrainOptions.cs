using System.ComponentModel;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Serverless.Llama.Lora;

namespace Serverless.Trainer.Training;

/// <summary>
/// The recipe of a fine-tune. The defaults are the published recipe for Llama 3.2 1B Instruct on AG News; a base folder's
/// <c>training.json</c> lays its own over them, a <c>--config</c> file over that, and options of the command line over all.
/// In files the names are in snake_case, on the command line in kebab-case.
/// </summary>
internal sealed record TrainOptions
{
    [Description("Peak learning rate; decays linearly to zero.")]
    public double LearningRate { get; init; } = 5e-5;

    [Description("Passes over the training rows.")]
    public double NumTrainEpochs { get; init; } = 1;

    [Description("Fewest optimizer steps; a small data set gets more passes until it has them.")]
    public int MinSteps { get; init; }

    [Description("Articles of max_length in one forward and backward pass; of shorter ones as many as have as many tokens.")]
    public int PerDeviceTrainBatchSize { get; init; } = 16;

    [Description("Times per_device_train_batch_size, the articles of one optimizer step.")]
    public int GradientAccumulationSteps { get; init; } = 2;

    [Description("Articles in one forward pass of an evaluation.")]
    public int PerDeviceEvalBatchSize { get; init; } = 64;

    [Description("Rank of the LoRA matrices.")]
    public int LoraRank { get; init; } = 16;

    [Description("LoRA scaling: alpha / rank.")]
    public double LoraAlpha { get; init; } = 32;

    [Description("Layers that get LoRA matrices, by name, with commas between: all-linear, or single ones such as q_proj; embed_tokens too. none trains the head alone, a linear probe.")]
    public string LoraTargetModules { get; init; } = "all-linear";

    [Description("Dropout on the input of the LoRA branch.")]
    public double LoraDropout { get; init; } = 0.1;

    [Description("Share of an article's tokens that are left out at random in training, other ones in each pass.")]
    public double TokenDropout { get; init; }

    [Description("Share of the articles of which only a random part is read in training, another one in each pass.")]
    public double RandomSpan { get; init; }

    [Description("Tokens of an article that are read; the rest is cut off.")]
    public int MaxLength { get; init; } = 128;

    [Description("Share of the steps in which the learning rate rises from zero.")]
    public double WarmupRatio { get; init; }

    [Description("Decoupled weight decay of AdamW.")]
    public double WeightDecay { get; init; }

    [Description("Global L2 norm to which a gradient is clipped.")]
    public double MaxGradNorm { get; init; } = 1;

    [Description("Seed of the fresh adapter, the order of the rows and the dropout.")]
    public int Seed { get; init; } = 42;

    [Description("Type of the frozen weights: auto, bf16, fp16 or fp32.")]
    public string Precision { get; init; } = "auto";

    [Description("Steps between two log lines.")]
    public int LoggingSteps { get; init; } = 100;

    [Description("Steps between two evaluations; the best checkpoint is kept.")]
    public int EvalSteps { get; init; } = 500;

    [Description("Steps between two checkpoints, from which a killed training goes on; each evaluation leaves one too.")]
    public int SaveSteps { get; init; } = 500;

    [Description("Most held-out rows to evaluate on while training; at the end all of them count.")]
    public int MaxEvalSamples { get; init; } = 500;

    [Description("Share of the training rows that is held out where the data set has no split column.")]
    public double HeldOutFraction { get; init; } = 0.1;

    /// <summary>Articles in one optimizer step, however they are cut into passes.</summary>
    [JsonIgnore]
    public int ArticlesPerStep => PerDeviceTrainBatchSize * GradientAccumulationSteps;

    [JsonIgnore]
    public LoraConfig Lora => new()
    {
        Rank = LoraRank,
        Alpha = LoraAlpha,
        Dropout = LoraDropout,
        TargetModules = LoraTargetModules == "none" ? [] :
            [.. LoraTargetModules.Split(',', StringSplitOptions.TrimEntries).SelectMany(name => name == "all-linear" ? LoraConfig.AllLinear : [name])],
    };

    public string ToJson() => JsonSerializer.Serialize(this, JsonOptions);

    /// <summary>Lays settings (snake_case names) over one another, later ones on top, and validates the result once.</summary>
    /// <exception cref="InvalidTrainOptionsException">An unknown name or a value outside its range, with its source.</exception>
    public static TrainOptions Resolve(params IEnumerable<(string Source, JsonObject Settings)> layers)
    {
        var merged = new JsonObject();
        var options = new TrainOptions();
        foreach (var (source, settings) in layers)
        {
            foreach (var (name, value) in settings)
            {
                merged[name] = Names.Contains(name) ? value?.DeepClone() : throw new InvalidTrainOptionsException($"{source}: there is no setting '{name}'.");
            }

            try
            {
                options = merged.Deserialize<TrainOptions>(JsonOptions)!;
                options.Validate();
            }
            catch (JsonException exception)
            {
                var name = exception.Path?.TrimStart('$', '.') ?? "";
                throw new InvalidTrainOptionsException($"{source}: {name} cannot be {merged[name]?.ToJsonString() ?? "null"}.");
            }
            catch (InvalidTrainOptionsException exception)
            {
                throw new InvalidTrainOptionsException($"{source}: {exception.Message}");
            }
        }

        return options;
    }

    private void Validate()
    {
        Require(LearningRate > 0, "learning_rate must be above 0");
        Require(NumTrainEpochs > 0, "num_train_epochs must be above 0");
        Require(MinSteps >= 0, "min_steps must not be negative");
        Require(PerDeviceTrainBatchSize > 0 && GradientAccumulationSteps > 0 && PerDeviceEvalBatchSize > 0,
            "per_device_train_batch_size, gradient_accumulation_steps and per_device_eval_batch_size must be at least 1");
        Require(LoraRank > 0 && LoraAlpha > 0, "lora_rank and lora_alpha must be above 0");
        Require(LoraDropout is >= 0 and < 1, "lora_dropout must be from 0 to below 1");
        Require(Lora.TargetModules.All(name => LoraConfig.AllLinear.Contains(name) || name == "embed_tokens"),
            $"lora_target_modules must be none, all-linear or some of {string.Join(", ", LoraConfig.AllLinear)}, embed_tokens");
        Require(RandomSpan is >= 0 and <= 1, "random_span must be from 0 to 1");
        Require(TokenDropout is >= 0 and < 1, "token_dropout must be from 0 to below 1");
        Require(MaxLength > 1, "max_length must be at least 2");
        Require(WarmupRatio is >= 0 and < 1, "warmup_ratio must be from 0 to below 1");
        Require(WeightDecay >= 0, "weight_decay must not be negative");
        Require(MaxGradNorm > 0, "max_grad_norm must be above 0");
        Require(Precision is "auto" or "bf16" or "fp16" or "fp32", "precision must be auto, bf16, fp16 or fp32");
        Require(LoggingSteps > 0 && EvalSteps > 0 && SaveSteps > 0 && MaxEvalSamples > 0,
            "logging_steps, eval_steps, save_steps and max_eval_samples must be at least 1");
        Require(HeldOutFraction is > 0 and < 1, "held_out_fraction must be between 0 and 1");
    }

    private static void Require(bool holds, string rule)
    {
        if (!holds)
        {
            throw new InvalidTrainOptionsException(rule);
        }
    }

    private static JsonSerializerOptions JsonOptions { get; } = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        RespectNullableAnnotations = true,
        WriteIndented = true,
    };

    private static HashSet<string> Names { get; } = [.. JsonSerializer.SerializeToNode(new TrainOptions(), JsonOptions)!.AsObject().Select(setting => setting.Key)];
}

/// <summary>A setting that does not exist or cannot be; the message names it and where it was read.</summary>
internal sealed class InvalidTrainOptionsException(string message) : Exception(message);

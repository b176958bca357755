using System.ComponentModel;
using System.Text.Json;
using System.Text.Json.Serialization;
using Serverless.Llama.Lora;

namespace Serverless.Trainer.Training;

/// <summary>
/// The options of a fine-tuning. The defaults are the published recipe for Llama 3.2 1B Instruct on AG News;
/// <see cref="TrainOptionsLoader"/> overrides them. Names are snake_case in files and kebab-case on the command line.
/// </summary>
internal sealed record TrainOptions
{
    /// <summary>The format of <c>training.json</c>: snake_case names.</summary>
    public static JsonSerializerOptions Json { get; } = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        RespectNullableAnnotations = true,
        WriteIndented = true,
    };

    [Description("Peak learning rate; it decays linearly to zero.")]
    public double LearningRate { get; init; } = 5e-5;

    [Description("Epochs: passes over the training rows.")]
    public double NumTrainEpochs { get; init; } = 1;

    [Description("Minimum number of optimizer steps; a small data set gets more epochs until it has them.")]
    public int MinSteps { get; init; }

    [Description("Articles of max_length in one micro-batch; with shorter articles, as many as have the same number of tokens.")]
    public int PerDeviceTrainBatchSize { get; init; } = 16;

    [Description("Micro-batches per optimizer step: with per_device_train_batch_size, the number of articles of a step.")]
    public int GradientAccumulationSteps { get; init; } = 2;

    [Description("Articles in one batch of an evaluation.")]
    public int PerDeviceEvalBatchSize { get; init; } = 64;

    [Description("Rank of the LoRA matrices.")]
    public int LoraRank { get; init; } = 16;

    [Description("LoRA scaling: alpha / rank.")]
    public double LoraAlpha { get; init; } = 32;

    [Description(
        "Layers with LoRA matrices, comma-separated: all-linear, or names such as q_proj and embed_tokens. " +
        "none trains only the head, as a linear probe.")]
    public string LoraTargetModules { get; init; } = "all-linear";

    [Description("Dropout on the input of the LoRA branch.")]
    public double LoraDropout { get; init; } = 0.1;

    [Description("Share of an article's tokens that are dropped at random in training, different ones in each epoch.")]
    public double TokenDropout { get; init; }

    [Description("Share of the articles that are cropped to a random part in training, a different one in each epoch.")]
    public double RandomSpan { get; init; }

    [Description("Maximum number of tokens of an article; longer articles are truncated.")]
    public int MaxLength { get; init; } = 128;

    [Description("Share of the steps in which the learning rate rises from zero (warm-up).")]
    public double WarmupRatio { get; init; }

    [Description("Decoupled weight decay of AdamW.")]
    public double WeightDecay { get; init; }

    [Description("Global L2 norm to which the gradient is clipped.")]
    public double MaxGradNorm { get; init; } = 1;

    [Description("Seed of the initial adapter, the order of the rows and the dropout.")]
    public int Seed { get; init; } = 42;

    [Description("Data type of the frozen weights: auto, bf16, fp16 or fp32.")]
    public string Precision { get; init; } = "auto";

    [Description("Steps between log lines.")]
    public int LoggingSteps { get; init; } = 100;

    [Description("Weight of a label's rows in the loss: none, balanced (inverse to its number of rows), or JSON such as {\"Health\": 5}.")]
    public ClassWeights ClassWeights { get; init; } = ClassWeights.None;

    [Description("Steps between evaluations, less where a training would have under ten; the best checkpoint becomes the adapter.")]
    public int EvalSteps { get; init; } = 500;

    [Description("Metric of the held-out rows that chooses the best checkpoint: loss, accuracy or macro_f1.")]
    public string MetricForBestModel { get; init; } = BestCheckpoint.LossMetric;

    [Description("Evaluations without a better checkpoint after which the training ends; 0 for never.")]
    public int EarlyStoppingPatience { get; init; }

    [Description("Steps between checkpoints, from which a killed training resumes; each evaluation saves one too.")]
    public int SaveSteps { get; init; } = 500;

    [Description("Maximum number of held-out rows for an evaluation during training; the final evaluation uses all of them.")]
    public int MaxEvalSamples { get; init; } = 500;

    [Description("Share of the training rows that is held out if the data set has no split column.")]
    public double HeldOutFraction { get; init; } = 0.1;

    /// <summary>Articles in one optimizer step, regardless of how they are split into micro-batches.</summary>
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

    public string ToJson() => JsonSerializer.Serialize(this, Json);

    /// <exception cref="InvalidTrainOptionsException">A value is outside its range.</exception>
    public void Validate()
    {
        Require(LearningRate > 0, "learning_rate must be above 0");
        Require(NumTrainEpochs > 0, "num_train_epochs must be above 0");
        Require(MinSteps >= 0, "min_steps must not be negative");
        Require(PerDeviceTrainBatchSize > 0, "per_device_train_batch_size must be at least 1");
        Require(GradientAccumulationSteps > 0, "gradient_accumulation_steps must be at least 1");
        Require(PerDeviceEvalBatchSize > 0, "per_device_eval_batch_size must be at least 1");
        Require(LoraRank > 0, "lora_rank must be at least 1");
        Require(LoraAlpha > 0, "lora_alpha must be above 0");
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
        Require(LoggingSteps > 0, "logging_steps must be at least 1");
        Require(EvalSteps > 0, "eval_steps must be at least 1");
        Require(BestCheckpoint.Metrics.Contains(MetricForBestModel), $"metric_for_best_model must be {string.Join(" or ", BestCheckpoint.Metrics)}");
        Require(EarlyStoppingPatience >= 0, "early_stopping_patience must not be negative");
        Require(SaveSteps > 0, "save_steps must be at least 1");
        Require(MaxEvalSamples > 0, "max_eval_samples must be at least 1");
        Require(HeldOutFraction is > 0 and < 1, "held_out_fraction must be between 0 and 1");
    }

    private static void Require(bool holds, string rule)
    {
        if (!holds)
        {
            throw new InvalidTrainOptionsException($"{rule}.");
        }
    }
}

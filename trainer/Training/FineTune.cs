using Serverless.Llama;
using Serverless.Llama.Files;
using Serverless.Trainer.Data;
using Serverless.Trainer.Evaluation;
using static TorchSharp.torch;

namespace Serverless.Trainer.Training;

/// <summary>
/// One fine-tuning from a data set to an adapter: tokenize, train, evaluate, calibrate. <see cref="Run"/> leaves the adapter in the
/// staging folder of <see cref="Output"/>, so that no tensor outlives it; the caller can add a report, and calls
/// <see cref="Commit"/>.
/// </summary>
/// <param name="data">The data set.</param>
/// <param name="options">The training options.</param>
/// <param name="baseFolder">The Hugging Face folder of the base model.</param>
/// <param name="baseModel">The name of the base model in the adapter's files.</param>
/// <param name="output">The output folder; the checkpoint is a file beside it.</param>
internal sealed class FineTune(DataSet data, TrainOptions options, string baseFolder, string baseModel, AdapterFolder output)
{
    private const int MaxMistakes = 20;

    private readonly string checkpointPath = TrainingCheckpoint.PathFor(output.Path);

    public AdapterFolder Output => output;

    /// <summary>Resume from the checkpoint, if there is one.</summary>
    public bool Resume { get; init; } = true;

    /// <summary>Start from the beginning, instead of throwing, if the checkpoint is of another training.</summary>
    public bool ReplaceCheckpoint { get; init; }

    /// <summary>The file where a person changes settings, for messages; null for the command line.</summary>
    public string? SettingsFile { get; init; }

    /// <summary>Called on the training thread after each checkpoint.</summary>
    public Action? Checkpointed { get; init; }

    /// <param name="log">Receives log lines.</param>
    /// <param name="progress">Receives the progress after each step.</param>
    /// <param name="time">The clock, to measure the speed.</param>
    /// <param name="cancellationToken">Stops the training between two steps; it saves a checkpoint first.</param>
    /// <exception cref="UserException">The output folder, the base model or the checkpoint cannot be used, or the training diverged.</exception>
    public FineTuneResult Run(TextWriter log, IProgress<TrainingProgress> progress, TimeProvider time, CancellationToken cancellationToken)
    {
        output.ThrowIfOccupied();
        var hardware = Hardware.Choose(options.Precision);
        var folder = ModelFolders.Read(() => HuggingFaceFolder.Open(baseFolder));
        RequireLength(folder.Config);
        var encoded = EncodedDataSet.Encode(data, ModelFolders.Read(folder.ReadTokenizer), options.MaxLength);
        var classWeights = ComputeClassWeights(encoded);
        LogStart(log, hardware, encoded, classWeights);

        using var weights = ModelFolders.Read(() => folder.LoadWeights(hardware.Type, hardware.Device));
        using var model = new LlamaForSequenceClassification(weights, hardware.Type, residualType: ScalarType.Float32);
        model.AddLora(options.Lora, encoded.Labels.Count, options.Seed, folder.FindHeadRows(encoded.Labels));
        var checkpoint = new TrainingCheckpoint(
            checkpointPath, TrainingFingerprint.Compute(options, hardware, encoded, weights), Checkpointed);
        PrepareCheckpoint(checkpoint, log);

        using var loop = new TrainingLoop(model, options, hardware, encoded.Train, encoded.HeldOut, checkpoint, log, classWeights);
        var summary = Train(loop, checkpoint, progress, time, cancellationToken);

        if (summary.EarlyStop is { } stop)
        {
            log.WriteLine(stop);
        }

        var heldOut = loop.Evaluator.Predict(encoded.HeldOut, cancellationToken);
        var temperature = Calibration.FitTemperature(heldOut);
        var test = encoded.Test.Length == 0 ? null : loop.Evaluator.Predict(encoded.Test, cancellationToken);
        output.Write(model, new ClassifierMetadata(encoded.Labels, options.MaxLength, temperature), options, baseModel);
        return CreateResult(encoded, summary, heldOut, test, temperature);
    }

    /// <summary>Moves the adapter into place and deletes the checkpoint.</summary>
    public void Commit()
    {
        output.Commit();
        File.Delete(checkpointPath);
    }

    private void PrepareCheckpoint(TrainingCheckpoint checkpoint, TextWriter log)
    {
        if (!Resume)
        {
            checkpoint.Delete();
        }
        else if (ReplaceCheckpoint && !checkpoint.CanResume(out var reason))
        {
            log.WriteLine($"The training starts from the beginning. {reason}");
            checkpoint.Delete();
        }
    }

    private static TrainingSummary Train(
        TrainingLoop loop, TrainingCheckpoint checkpoint, IProgress<TrainingProgress> progress, TimeProvider time, CancellationToken cancellationToken)
    {
        try
        {
            return loop.Run(progress, time, cancellationToken);
        }
        catch (TrainingDivergedException)
        {
            checkpoint.Delete(); // Resuming it would diverge again, and it would prevent a training with other settings.
            throw;
        }
    }

    private FineTuneResult CreateResult(EncodedDataSet encoded, TrainingSummary summary, Predictions heldOut, Predictions? test, double temperature)
    {
        var metrics = new TrainingReport(
            data.Name,
            baseModel,
            encoded.Train.Length,
            encoded.Truncated,
            ClassificationMetrics.Compute(heldOut, encoded.Labels, temperature),
            test is null ? null : ClassificationMetrics.Compute(test, encoded.Labels, temperature),
            summary with { Curve = LearningCurve.Thin(summary.Curve) },
            DescribeData(encoded));
        return new FineTuneResult(
            metrics,
            options,
            Calibration.Bins(heldOut, temperature: 1),
            Mistake.Worst(heldOut, data.HeldOut, encoded.Labels, temperature, MaxMistakes),
            new TokenLengths(encoded.Lengths),
            [.. Enumerable.Range(0, heldOut.Count).Select(row => encoded.Labels[heldOut.Predicted(row)])]);
    }

    /// <exception cref="InvalidTrainOptionsException">The base has no positions for texts of this length: no process would serve the adapter.</exception>
    private void RequireLength(LlamaConfig config)
    {
        if (options.MaxLength > config.MaxPositionEmbeddings)
        {
            throw new InvalidTrainOptionsException(
                $"max_length is {options.MaxLength}, but the base reads at most {config.MaxPositionEmbeddings} tokens " +
                $"(max_position_embeddings in {Path.Combine(baseFolder, "config.json")}). " +
                $"Lower {Describe("--max-length")}.");
        }
    }

    private float[]? ComputeClassWeights(EncodedDataSet encoded)
    {
        var rows = encoded.Train.CountBy(article => article.Label).ToDictionary();
        try
        {
            return options.ClassWeights.Compute(encoded.Labels, [.. encoded.Labels.Select((_, label) => rows[label])]);
        }
        catch (InvalidTrainOptionsException exception)
        {
            throw new InvalidTrainOptionsException($"{exception.Message} Correct {Describe("--class-weights")}.");
        }
    }

    /// <summary>Where a person changes a setting.</summary>
    private string Describe(string option) => SettingsFile is null ? option : $"it in {SettingsFile}";

    /// <summary>The notes on the data set, after those that depend on the settings.</summary>
    private IReadOnlyList<string> DescribeData(EncodedDataSet encoded)
    {
        string?[] notes =
        [
            ClassBalance.Describe(data.Train, options.ClassWeights != ClassWeights.None),
            new TokenLengths(encoded.Lengths).DescribeTruncated(options.MaxLength),
        ];
        return [.. notes.OfType<string>(), .. data.Notes];
    }

    private void LogStart(TextWriter log, Hardware hardware, EncodedDataSet encoded, float[]? classWeights)
    {
        log.WriteLine($"options {options.ToJson()}");
        log.WriteLine($"base   {baseFolder} ({hardware})");
        log.WriteLine(
            $"data   {data.Name}: {encoded.Train.Length} training rows, {encoded.HeldOut.Length} held-out rows, {encoded.Test.Length} test rows; " +
            $"labels {string.Join(", ", encoded.Labels)}; {encoded.Truncated} articles truncated to {options.MaxLength} tokens");
        if (classWeights is not null)
        {
            log.WriteLine($"weights {string.Join(", ", encoded.Labels.Zip(classWeights, (label, weight) => string.Create(null, $"{label} {weight:0.###}")))}");
        }

        foreach (var note in DescribeData(encoded))
        {
            log.WriteLine($"note   {note}");
        }
    }
}

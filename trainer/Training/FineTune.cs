using Serverless.Llama;
using Serverless.Llama.Files;
using Serverless.Llama.Tokenizer;
using Serverless.Trainer.Data;
using Serverless.Trainer.Evaluation;
using Serverless.Trainer.Reports;
using static TorchSharp.torch;

namespace Serverless.Trainer.Training;

/// <summary>One fine-tune from a data set to an adapter folder: encode, train, measure, calibrate, write.</summary>
/// <param name="BaseFolder">The Hugging Face folder of the base model.</param>
/// <param name="BaseModel">The name that the adapter gives its base.</param>
/// <param name="OutputFolder">Appears as a whole, once the training is done; until then a checkpoint lies beside it.</param>
/// <param name="Resume">Go on from that checkpoint where there is one.</param>
internal sealed record FineTune(DataSet Data, TrainOptions Options, string BaseFolder, string BaseModel, string OutputFolder, bool Resume = true)
{
    /// <summary>Begin anew, instead of refusing, where the checkpoint is of another training: nobody is there to ask.</summary>
    public bool ReplaceCheckpoint { get; init; }

    /// <summary>Called on the training's thread after each checkpoint.</summary>
    public Action? Checkpointed { get; init; }

    /// <param name="log">Told what was resolved, before and after.</param>
    /// <param name="progress">Told of each step.</param>
    /// <param name="time">For the speed.</param>
    /// <param name="cancellationToken">Ends the training between two steps.</param>
    /// <returns>The report, and the label predicted for each held-out row.</returns>
    public (AdapterReport Report, IReadOnlyList<string> HeldOutLabels) Run(
        TextWriter log, IProgress<TrainingProgress> progress, TimeProvider time, CancellationToken cancellationToken)
    {
        AdapterFolder.ThrowIfOccupied(OutputFolder);
        var hardware = Hardware.Choose(Options.Precision);
        var folder = HuggingFaceFolder.Open(BaseFolder);
        var data = EncodedDataSet.Encode(Data, LlamaTokenizer.Read(folder.TokenizerPath), Options.MaxLength);
        Describe(log, hardware, data);

        using var weights = folder.LoadWeights(hardware.Type, hardware.Device);
        using var model = new LlamaForSequenceClassification(weights, hardware.Type, residualType: ScalarType.Float32);
        model.AddLora(Options.Lora, data.Labels.Count, Options.Seed);
        var checkpoint = new TrainingCheckpoint(
            TrainingCheckpoint.PathFor(OutputFolder), TrainingFingerprint.Compute(Options, hardware, data, weights), Checkpointed);
        if (!Resume)
        {
            checkpoint.Delete();
        }
        else if (ReplaceCheckpoint && checkpoint.Obstacle() is { } obstacle)
        {
            log.WriteLine($"The training begins anew. {obstacle}");
            checkpoint.Delete();
        }

        using var loop = new TrainingLoop(model, Options, hardware, data.Train, data.HeldOut, checkpoint, log);
        var summary = Train(loop, checkpoint, progress, time, cancellationToken);

        var heldOut = loop.Evaluator.Predict(data.HeldOut, cancellationToken);
        var temperature = Calibration.FitTemperature(heldOut);
        var test = data.Test.Length == 0 ? null : loop.Evaluator.Predict(data.Test, cancellationToken);
        var figures = new TrainingReport(
            Data.Name,
            BaseModel,
            data.Train.Length,
            data.Truncated,
            ClassificationMetrics.Compute(heldOut, data.Labels, temperature),
            test is null ? null : ClassificationMetrics.Compute(test, data.Labels, temperature),
            summary with { Curve = LearningCurve.Thin(summary.Curve) },
            Data.Notes);
        var report = new AdapterReport(
            figures,
            Options,
            Calibration.Bins(heldOut, temperature: 1),
            Mistake.Worst(heldOut, Data.HeldOut, data.Labels, temperature, AdapterReport.MistakesShown),
            new TokenLengths(data.Lengths));
        AdapterFolder.Write(OutputFolder, model, new ClassifierMetadata(data.Labels, Options.MaxLength, temperature), report);
        checkpoint.Delete();
        return (report, [.. Enumerable.Range(0, heldOut.Count).Select(row => data.Labels[heldOut.Predicted(row)])]);
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
            checkpoint.Delete(); // What goes on from there diverges too, and other settings could not.
            throw;
        }
    }

    private void Describe(TextWriter log, Hardware hardware, EncodedDataSet data)
    {
        log.WriteLine($"recipe {Options.ToJson()}");
        log.WriteLine($"base   {BaseFolder} ({hardware})");
        log.WriteLine(
            $"data   {Data.Name}: {data.Train.Length} rows to train on, {data.HeldOut.Length} held out, {data.Test.Length} to test; " +
            $"labels {string.Join(", ", data.Labels)}; {data.Truncated} longer than {Options.MaxLength} tokens are cut off");
        foreach (var note in Data.Notes)
        {
            log.WriteLine($"note   {note}");
        }
    }
}

using System.Text.Json;
using System.Text.Json.Serialization;
using Serverless.Llama.Files;
using Serverless.Trainer.Evaluation;
using static TorchSharp.torch;

namespace Serverless.Trainer.Training;

/// <summary>
/// Where a fine-tune stands, beside its output folder: a killed one goes on there, and ends in the adapter in which it would
/// have ended. The order of the articles, the learning rate and the dropout are functions of the step's number, so these
/// tensors and <see cref="TrainingPosition"/> are all of it.
/// </summary>
/// <param name="path">The file.</param>
/// <param name="fingerprint">What the training is determined by.</param>
/// <param name="written">Called whenever the file was written.</param>
internal sealed class TrainingCheckpoint(string path, TrainingFingerprint fingerprint, Action? written = null)
{
    private const string FingerprintKey = "fingerprint";
    private const string PositionKey = "position";

    // The loss of a step that overflowed is no number.
    private static readonly JsonSerializerOptions Json = new() { NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals };

    /// <summary>The checkpoint of the adapter that will be written to a folder.</summary>
    public static string PathFor(string outputFolder) => $"{Path.TrimEndingDirectorySeparator(Path.GetFullPath(outputFolder))}.checkpoint";

    public void Save(TrainingPosition position, IEnumerable<(string Name, Tensor Value)> tensors)
    {
        CheckpointFile.Write(path, tensors, new Dictionary<string, string>
        {
            ["format"] = "pt",
            [FingerprintKey] = JsonSerializer.Serialize(fingerprint, Json),
            [PositionKey] = JsonSerializer.Serialize(position, Json),
        });
        written?.Invoke();
    }

    /// <returns>Why a training cannot go on from the file; null if it can, or if there is none.</returns>
    public string? Obstacle()
    {
        if (!File.Exists(path))
        {
            return null;
        }

        try
        {
            using var file = SafetensorsFile.Open(path);
            return fingerprint.DifferenceFrom(Read<TrainingFingerprint>(file, FingerprintKey)) is { } difference
                ? $"{path} is the checkpoint of another training: {difference}."
                : null;
        }
        catch (InvalidDataException exception)
        {
            return exception.Message;
        }
    }

    /// <summary>Restores the tensors of the position that the file holds.</summary>
    /// <param name="tensors">Given that position, what to restore.</param>
    /// <returns>Null without a checkpoint.</returns>
    /// <exception cref="InvalidDataException">The file is the checkpoint of another training; says in what it differs.</exception>
    public TrainingPosition? Resume(Func<TrainingPosition, IEnumerable<(string Name, Tensor Value)>> tensors)
    {
        if (!File.Exists(path))
        {
            return null;
        }

        if (Obstacle() is { } obstacle)
        {
            throw new InvalidDataException($"{obstacle} Give the same data and settings to go on with it, or --no-resume to begin anew.");
        }

        using var file = SafetensorsFile.Open(path);
        var position = Read<TrainingPosition>(file, PositionKey);
        CheckpointFile.Restore(path, file, tensors(position));
        return position;
    }

    public void Delete() => File.Delete(path);

    private T Read<T>(SafetensorsFile file, string key)
    {
        try
        {
            return JsonSerializer.Deserialize<T>(file.Metadata[key], Json)!;
        }
        catch (Exception exception) when (exception is KeyNotFoundException or JsonException)
        {
            throw new InvalidDataException($"{path} is not the checkpoint of a fine-tune ({exception.Message}).", exception);
        }
    }
}

/// <summary>How far a fine-tune is: what a checkpoint holds that is no tensor.</summary>
/// <param name="Step">Steps done.</param>
/// <param name="OptimizerSteps">Those of them that an fp16 overflow did not cost.</param>
/// <param name="MicroBatchTokens">The most tokens of a forward and backward pass; less than at first if memory ran out.</param>
/// <param name="Duration">Of the steps, evaluations not counted.</param>
/// <param name="Best">The evaluation whose adapter is kept.</param>
internal sealed record TrainingPosition(
    int Step, int OptimizerSteps, [property: JsonPropertyName("PassTokens")] int MicroBatchTokens, LossScale LossScale, TimeSpan Duration, EvaluationPoint? Best, IReadOnlyList<CurvePoint> Curve);

using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;
using Serverless.Llama.Files;
using Serverless.Trainer.Evaluation;
using static TorchSharp.torch;

namespace Serverless.Trainer.Training;

/// <summary>
/// The checkpoint of a fine-tuning, a file beside its output folder. A resumed training ends with the same adapter as one that was
/// never stopped: the order of the articles, the learning rate and the dropout are functions of the step number, so the tensors and
/// <see cref="TrainingPosition"/> are the complete state.
/// </summary>
/// <param name="path">The checkpoint file.</param>
/// <param name="fingerprint">The fingerprint of the training.</param>
/// <param name="written">Called after each write.</param>
internal sealed class TrainingCheckpoint(string path, TrainingFingerprint fingerprint, Action? written = null)
{
    private const string FingerprintKey = "fingerprint";
    private const string PositionKey = "position";

    // The loss of a step that overflowed is NaN or infinite.
    private static readonly JsonSerializerOptions Json = new() { NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals };

    /// <summary>The path of the checkpoint for an output folder.</summary>
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

    /// <summary>Whether the file is a checkpoint of this training, or there is no file.</summary>
    /// <param name="reason">Why the training cannot be resumed from the file.</param>
    public bool CanResume([NotNullWhen(false)] out string? reason)
    {
        reason = null;
        if (!File.Exists(path))
        {
            return true;
        }

        try
        {
            using var file = SafetensorsFile.Open(path);
            var differences = fingerprint.DifferencesFrom(Read<TrainingFingerprint>(file, FingerprintKey));
            if (differences.Count == 0)
            {
                return true;
            }

            reason = $"{path} is the checkpoint of another training: {string.Join("; ", differences)}.";
        }
        catch (InvalidDataException exception)
        {
            reason = exception.Message;
        }

        return false;
    }

    /// <summary>Restores the tensors from the file.</summary>
    /// <param name="tensors">Returns the tensors to restore, given the position.</param>
    /// <returns>The position of the checkpoint; null if there is none.</returns>
    /// <exception cref="UserException">The file is the checkpoint of another training; the message lists the differences.</exception>
    public TrainingPosition? Resume(Func<TrainingPosition, IEnumerable<(string Name, Tensor Value)>> tensors)
    {
        if (!File.Exists(path))
        {
            return null;
        }

        if (!CanResume(out var reason))
        {
            throw new UserException($"{reason} Use the same data and settings to resume it, or --no-resume to start from the beginning.");
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

/// <summary>The progress of a fine-tuning: the part of a checkpoint that is not tensors.</summary>
/// <param name="Step">Completed steps.</param>
/// <param name="OptimizerSteps">Completed steps that were not skipped because of an fp16 overflow.</param>
/// <param name="MicroBatchTokens">
/// Maximum number of tokens in the micro-batches that are computed at once; reduced when memory runs out. The stored name is older.
/// </param>
/// <param name="Duration">Duration of the steps, without evaluations.</param>
/// <param name="Best">The evaluation of the best checkpoint.</param>
internal sealed record TrainingPosition(
    int Step,
    int OptimizerSteps,
    [property: JsonPropertyName("PassTokens")] int MicroBatchTokens,
    LossScale LossScale,
    TimeSpan Duration,
    EvaluationPoint? Best,
    IReadOnlyList<CurvePoint> Curve);

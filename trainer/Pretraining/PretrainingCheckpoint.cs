using System.Globalization;
using Serverless.Llama.Files;
using Serverless.Trainer.Training;
using static TorchSharp.torch;

namespace Serverless.Trainer.Pretraining;

/// <summary>The checkpoint of a pretraining: weights, optimizer state and step in one safetensors file, which is replaced atomically.</summary>
internal sealed class PretrainingCheckpoint(string path, IReadOnlyList<(string Name, Tensor Value)> parameters, AdamW optimizer)
{
    private const string StepKey = "step";

    private IEnumerable<(string Name, Tensor Value)> Tensors =>
        parameters.Concat(optimizer.Tensors.Select(entry => ($"optimizer.{entry.Name}", entry.Value)));

    public void Save(int step) => CheckpointFile.Write(
        path, Tensors, new Dictionary<string, string> { [StepKey] = step.ToString(CultureInfo.InvariantCulture) });

    /// <returns>The number of completed steps; 0 without a checkpoint.</returns>
    /// <exception cref="InvalidDataException">The checkpoint is of a model of another shape.</exception>
    public int Resume()
    {
        if (!File.Exists(path))
        {
            return 0;
        }

        using var file = SafetensorsFile.Open(path);
        CheckpointFile.Restore(path, file, Tensors);
        optimizer.Steps = int.Parse(file.Metadata[StepKey], CultureInfo.InvariantCulture);
        return optimizer.Steps;
    }
}

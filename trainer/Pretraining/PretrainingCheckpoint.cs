using System.Globalization;
using Serverless.Files;
using Serverless.Trainer.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Serverless.Trainer.Pretraining;

/// <summary>Weights, optimizer and step in one safetensors file, replaced as a whole: a killed run goes on where it last saved.</summary>
internal sealed class PretrainingCheckpoint(string path, IReadOnlyList<(string Name, Tensor Value)> parameters, AdamW optimizer)
{
    private const string StepKey = "step";

    private IEnumerable<(string Name, Tensor Value)> Tensors =>
        parameters.Concat(optimizer.State.Select(entry => ($"optimizer.{entry.Name}", entry.Value)));

    public void Save(int step) => SafetensorsWriter.Write(
        path, Tensors, new Dictionary<string, string> { [StepKey] = step.ToString(CultureInfo.InvariantCulture) });

    /// <returns>The step to go on with; 0 without a checkpoint.</returns>
    /// <exception cref="InvalidDataException">The checkpoint is of another shape.</exception>
    public int Resume()
    {
        if (!File.Exists(path))
        {
            return 0;
        }

        using var guard = no_grad();
        using var scope = NewDisposeScope();
        using var file = SafetensorsFile.Open(path);
        foreach (var (name, value) in Tensors)
        {
            if (!file.Entries.TryGetValue(name, out var entry) || !entry.Shape.SequenceEqual(value.shape))
            {
                throw new InvalidDataException($"{path}: is of a model of another shape (\"{name}\"). Choose another --output, or delete the file.");
            }

            value.copy_(file.Read(name));
        }

        optimizer.Steps = int.Parse(file.Metadata[StepKey], CultureInfo.InvariantCulture);
        return optimizer.Steps;
    }
}

using Serverless.Llama.Files;
using static TorchSharp.torch;

namespace Serverless.Trainer.Training;

/// <summary>
/// Reads and writes checkpoints: safetensors files with everything else as metadata. A file is written under another name and
/// renamed, so that a killed process leaves the old checkpoint or the new one, never an incomplete one.
/// </summary>
internal static class CheckpointFile
{
    public static void Write(string path, IEnumerable<(string Name, Tensor Value)> tensors, IReadOnlyDictionary<string, string> metadata)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        SafetensorsWriter.Write(path, tensors, metadata);
    }

    /// <summary>Copies the tensors of the file into tensors of the same names and shapes.</summary>
    /// <exception cref="UserException">A tensor is missing or has another shape.</exception>
    public static void Restore(string path, SafetensorsFile file, IEnumerable<(string Name, Tensor Value)> tensors)
    {
        using var guard = no_grad();
        using var scope = NewDisposeScope();
        foreach (var (name, value) in tensors)
        {
            if (!file.Entries.TryGetValue(name, out var entry) || !entry.Shape.SequenceEqual(value.shape))
            {
                throw new UserException($"{path} is a checkpoint of a model of another shape (\"{name}\"). Choose another --output, or delete the file.");
            }

            value.copy_(file.Read(name));
        }
    }
}

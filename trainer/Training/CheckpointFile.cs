using Serverless.Llama.Files;
using static TorchSharp.torch;

namespace Serverless.Trainer.Training;

/// <summary>
/// State on disk, one safetensors file: tensors by name, and what is no tensor as metadata. It is written under another
/// name and renamed, so whenever a process dies there is the old checkpoint or the new one, never half of one.
/// </summary>
internal static class CheckpointFile
{
    public static void Write(string path, IEnumerable<(string Name, Tensor Value)> tensors, IReadOnlyDictionary<string, string> metadata)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        SafetensorsWriter.Write(path, tensors, metadata);
    }

    /// <summary>Copies what the file holds into tensors of the same names and shapes.</summary>
    /// <exception cref="InvalidDataException">A tensor is missing or of another shape; names it.</exception>
    public static void Restore(string path, SafetensorsFile file, IEnumerable<(string Name, Tensor Value)> tensors)
    {
        using var guard = no_grad();
        using var scope = NewDisposeScope();
        foreach (var (name, value) in tensors)
        {
            if (!file.Entries.TryGetValue(name, out var entry) || !entry.Shape.SequenceEqual(value.shape))
            {
                throw new InvalidDataException($"{path}: is of a model of another shape (\"{name}\"). Choose another --output, or delete the file.");
            }

            value.copy_(file.Read(name));
        }
    }
}

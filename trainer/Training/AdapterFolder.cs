using Serverless.Llama;
using Serverless.Llama.Files;
using Serverless.Storage;

namespace Serverless.Trainer.Training;

/// <summary>
/// The output folder of a fine-tuning: the adapter in PEFT's format, <c>labels.json</c> for serving, and <c>training.json</c> with
/// the resolved options. It is written to a staging folder beside it and moved into place as a whole, so that a killed trainer
/// leaves no incomplete adapter.
/// </summary>
internal sealed class AdapterFolder(string path)
{
    private readonly string staging = $"{System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(path))}.tmp";

    public string Path => path;

    /// <summary>The folder that is moved to <see cref="Path"/> by <see cref="Commit"/>; other files can be added to it before.</summary>
    public string StagingPath => staging;

    /// <exception cref="UserException">The folder contains files that are not an adapter.</exception>
    public void ThrowIfOccupied()
    {
        var isEmpty = !Directory.Exists(path) || !Directory.EnumerateFileSystemEntries(path).Any();
        if (!isEmpty && !File.Exists(System.IO.Path.Combine(path, PeftAdapter.ConfigFileName)))
        {
            throw new UserException($"{path} contains files that are not an adapter; choose an empty --output folder.");
        }
    }

    /// <summary>Writes the adapter to the staging folder.</summary>
    public void Write(LlamaForSequenceClassification model, ClassifierMetadata metadata, TrainOptions options, string baseModel)
    {
        if (Directory.Exists(staging))
        {
            Directory.Delete(staging, recursive: true); // from a killed trainer
        }

        Directory.CreateDirectory(staging);
        PeftAdapter.Write(staging, model, options.Lora, baseModel);
        metadata.Write(staging);
        File.WriteAllText(System.IO.Path.Combine(staging, StorageNames.TrainingFile), options.ToJson());
    }

    /// <summary>Moves the staging folder into place.</summary>
    public void Commit()
    {
        if (Directory.Exists(path))
        {
            Directory.Delete(path, recursive: true);
        }

        Directory.Move(staging, path);
    }
}


using Serverless.Llama;
using Serverless.Llama.Files;
using Serverless.Storage;
using Serverless.Trainer.Reports;

namespace Serverless.Trainer.Training;

/// <summary>
/// The folder that a fine-tune leaves: the adapter as PEFT has it, <c>labels.json</c> for those who serve it,
/// <c>training.json</c> with the resolved recipe, <c>metrics.json</c>, and the report for people.
/// </summary>
internal static class AdapterFolder
{
    /// <exception cref="IOException">The folder holds something that is no adapter.</exception>
    public static void ThrowIfOccupied(string folder)
    {
        if (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any() && !File.Exists(Path.Combine(folder, PeftAdapter.ConfigFileName)))
        {
            throw new IOException($"{folder} holds files and no adapter; choose an empty --output folder.");
        }
    }

    /// <summary>Writes beside the folder and moves into place, so that a killed trainer leaves no half adapter.</summary>
    public static void Write(string folder, LlamaForSequenceClassification model, ClassifierMetadata labels, AdapterReport report)
    {
        var temporary = $"{Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder))}.tmp";
        if (Directory.Exists(temporary))
        {
            Directory.Delete(temporary, recursive: true); // of a trainer that was killed here
        }

        Directory.CreateDirectory(temporary);
        PeftAdapter.Write(temporary, model, report.Options.Lora, report.Figures.BaseModel);
        labels.Write(temporary);
        File.WriteAllText(Path.Combine(temporary, StorageNames.TrainingFile), report.Options.ToJson());
        report.Write(temporary);

        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }

        Directory.Move(temporary, folder);
    }
}

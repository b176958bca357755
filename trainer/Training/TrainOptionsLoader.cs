using System.Text.Json;
using System.Text.Json.Nodes;
using Serverless.Storage;

namespace Serverless.Trainer.Training;

/// <summary>Finds the recipe of a training: what suits the base model, then a file, then the command line.</summary>
internal static class TrainOptionsLoader
{
    /// <param name="baseFolder">May hold <c>training.json</c>.</param>
    /// <param name="configFile">A file of the same form, or null.</param>
    /// <param name="commandLine">Settings given there, in snake_case.</param>
    /// <exception cref="InvalidTrainOptionsException">A setting that does not exist or cannot be.</exception>
    public static TrainOptions Load(string baseFolder, string? configFile = null, JsonObject? commandLine = null)
    {
        var layers = new List<(string Source, JsonObject Settings)>();
        var baseSettings = Path.Combine(baseFolder, StorageNames.TrainingFile);
        if (File.Exists(baseSettings))
        {
            layers.Add((baseSettings, Read(baseSettings)));
        }

        if (configFile is not null)
        {
            layers.Add((configFile, Read(configFile)));
        }

        layers.Add(("command line", commandLine ?? []));
        return TrainOptions.Resolve(layers);
    }

    private static JsonObject Read(string file)
    {
        try
        {
            return JsonNode.Parse(File.ReadAllText(file), documentOptions: new JsonDocumentOptions { AllowDuplicateProperties = false }) as JsonObject ?? throw new InvalidTrainOptionsException($"{file}: not a JSON object of settings.");
        }
        catch (JsonException exception)
        {
            throw new InvalidTrainOptionsException(exception.LineNumber is { } line ? $"{file}: not JSON (line {line + 1})." : $"{file}: {exception.Message}");
        }
    }
}

using System.Text.Json;
using System.Text.Json.Nodes;
using Serverless.Storage;

namespace Serverless.Trainer.Training;

/// <summary>
/// Loads the options of a training in layers: the defaults, then the base folder's <c>training.json</c>, then a
/// <c>--config</c> file, then the command line. Later layers override earlier ones.
/// </summary>
internal static class TrainOptionsLoader
{
    private static readonly JsonDocumentOptions StrictJson = new() { AllowDuplicateProperties = false };

    private static readonly HashSet<string> SettingNames =
        [.. JsonSerializer.SerializeToNode(new TrainOptions(), TrainOptions.Json)!.AsObject().Select(setting => setting.Key)];

    /// <param name="baseFolder">May contain <c>training.json</c>.</param>
    /// <param name="configFile">A file of the same format, or null.</param>
    /// <param name="commandLine">The settings of the command line, in snake_case.</param>
    /// <exception cref="InvalidTrainOptionsException">A setting does not exist, or its value is not valid.</exception>
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
        return Resolve(layers);
    }

    /// <summary>Merges layers of settings (snake_case names) and validates the result after each layer, so that an error names its source.</summary>
    /// <exception cref="InvalidTrainOptionsException">A setting does not exist, or its value is not valid.</exception>
    public static TrainOptions Resolve(params IEnumerable<(string Source, JsonObject Settings)> layers)
    {
        var merged = new JsonObject();
        var options = new TrainOptions();
        foreach (var (source, settings) in layers)
        {
            if (settings.FirstOrDefault(setting => !SettingNames.Contains(setting.Key)).Key is { } unknown)
            {
                throw new InvalidTrainOptionsException($"{source}: there is no setting '{unknown}'.");
            }

            foreach (var (name, value) in settings)
            {
                merged[name] = value?.DeepClone();
            }

            options = Deserialize(source, merged);
        }

        return options;
    }

    private static TrainOptions Deserialize(string source, JsonObject settings)
    {
        try
        {
            var options = settings.Deserialize<TrainOptions>(TrainOptions.Json)!;
            options.Validate();
            return options;
        }
        catch (JsonException exception)
        {
            var name = exception.Path?.TrimStart('$', '.') ?? "";
            throw new InvalidTrainOptionsException($"{source}: {name} cannot be {settings[name]?.ToJsonString() ?? "null"}.");
        }
        catch (InvalidTrainOptionsException exception)
        {
            throw new InvalidTrainOptionsException($"{source}: {exception.Message}");
        }
    }

    private static JsonObject Read(string file)
    {
        try
        {
            return JsonNode.Parse(File.ReadAllText(file), documentOptions: StrictJson) as JsonObject
                ?? throw new InvalidTrainOptionsException($"{file}: not a JSON object of settings.");
        }
        catch (JsonException exception)
        {
            var problem = exception.LineNumber is { } line ? $"not valid JSON (line {line + 1})." : exception.Message;
            throw new InvalidTrainOptionsException($"{file}: {problem}");
        }
    }
}

/// <summary>A setting that does not exist or whose value is not valid; the message names the setting and its source.</summary>
internal sealed class InvalidTrainOptionsException(string message) : UserException(message);

using System.ComponentModel;
using System.Text.Json;
using System.Text.Json.Nodes;
using Serverless.Storage;

namespace Serverless.Trainer.Training;

/// <summary>
/// Loads the options of a training in layers: the defaults, then the base folder's <c>training.json</c>, then those of the caller: the
/// <c>training.json</c> beside a data set in storage, or a <c>--config</c> file and the command line. Later layers override earlier ones.
/// </summary>
internal static class TrainOptionsLoader
{
    private static readonly JsonDocumentOptions StrictJson = new() { AllowDuplicateProperties = false };

    private static readonly OrderedDictionary<string, Type> SettingTypes = new(
        typeof(TrainOptions).GetProperties()
            .Where(property => property.IsDefined(typeof(DescriptionAttribute), inherit: false))
            .Select(property => KeyValuePair.Create(JsonNamingPolicy.SnakeCaseLower.ConvertName(property.Name), property.PropertyType)));

    /// <param name="baseFolder">May contain <c>training.json</c>.</param>
    /// <param name="layers">Settings (snake_case names) that override those of the base, and their sources for messages.</param>
    /// <exception cref="InvalidTrainOptionsException">A setting does not exist, or its value is not valid.</exception>
    public static TrainOptions Load(string baseFolder, params IEnumerable<(string Source, JsonObject Settings)> layers)
    {
        var file = Path.Combine(baseFolder, StorageNames.TrainingFile);
        return Resolve(File.Exists(file) ? layers.Prepend((file, Parse(file, File.ReadAllText(file)))) : layers);
    }

    /// <summary>Parses a file of settings.</summary>
    /// <param name="source">Its name in messages.</param>
    /// <param name="json">Its content.</param>
    /// <exception cref="InvalidTrainOptionsException">The content is not a JSON object.</exception>
    public static JsonObject Parse(string source, string json)
    {
        try
        {
            return JsonNode.Parse(json, documentOptions: StrictJson) as JsonObject
                ?? throw new InvalidTrainOptionsException($"{source}: the file must be a JSON object of settings, such as {{\"max_length\": 256}}.");
        }
        catch (JsonException exception)
        {
            var problem = exception.LineNumber is { } line ? $"not valid JSON (line {line + 1})." : exception.Message;
            throw new InvalidTrainOptionsException($"{source}: {problem}");
        }
    }

    /// <summary>Merges layers of settings (snake_case names) and validates the result after each layer, so that an error names its source.</summary>
    /// <exception cref="InvalidTrainOptionsException">A setting does not exist, or its value is not valid.</exception>
    public static TrainOptions Resolve(params IEnumerable<(string Source, JsonObject Settings)> layers)
    {
        var merged = new JsonObject();
        var options = new TrainOptions();
        foreach (var (source, settings) in layers)
        {
            if (settings.FirstOrDefault(setting => !SettingTypes.ContainsKey(setting.Key)).Key is { } unknown)
            {
                throw new InvalidTrainOptionsException(
                    $"{source}: there is no setting '{unknown}'; the settings are {string.Join(", ", SettingTypes.Keys)}.");
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
            var name = exception.Path!.TrimStart('$', '.').Split('.', '[')[0];
            throw new InvalidTrainOptionsException(
                $"{source}: {name} must be {DescribeType(SettingTypes[name])}, not {settings[name]?.ToJsonString() ?? "null"}.");
        }
        catch (InvalidTrainOptionsException exception)
        {
            throw new InvalidTrainOptionsException($"{source}: {exception.Message}");
        }
    }

    private static string DescribeType(Type type) =>
        type == typeof(int) ? "a whole number" :
        type == typeof(double) ? "a number" :
        type == typeof(ClassWeights) ? ClassWeights.Accepted :
        "a word in quotation marks";
}

/// <summary>A setting that does not exist or whose value is not valid; the message names the setting and its source.</summary>
internal sealed class InvalidTrainOptionsException(string message) : UserException(message);

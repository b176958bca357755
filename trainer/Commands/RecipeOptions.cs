using System.CommandLine;
using System.ComponentModel;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Serverless.Trainer.Commands;

/// <summary>
/// One command-line option for each setting of <see cref="TrainOptions"/>, under its usual name: <c>LoraRank</c> is
/// <c>--lora-rank</c>. A new setting is added in one place, the record.
/// </summary>
internal sealed class RecipeOptions
{
    private readonly List<(string Setting, Func<ParseResult, JsonNode?> Value)> settings = [];

    private readonly Option<FileInfo?> config = new("--config") { Description = "JSON file of settings, in the form of a base folder's training.json." };

    public RecipeOptions(Command command)
    {
        command.Add(config);
        var published = new TrainOptions();
        foreach (var property in typeof(TrainOptions).GetProperties())
        {
            if (property.GetCustomAttribute<DescriptionAttribute>() is { } description)
            {
                Add(command, property, $"{description.Description} [{property.GetValue(published)} unless the base says otherwise]");
            }
        }
    }

    /// <summary>The recipe for a base folder under what the command line says.</summary>
    public TrainOptions Resolve(ParseResult parsed, string baseFolder)
    {
        var given = new JsonObject();
        foreach (var (setting, value) in settings)
        {
            if (value(parsed) is { } node)
            {
                given[setting] = node;
            }
        }

        return Recipe.Of(baseFolder, parsed.GetValue(config)?.FullName, given);
    }

    private void Add(Command command, PropertyInfo property, string description)
    {
        var name = $"--{JsonNamingPolicy.KebabCaseLower.ConvertName(property.Name)}";
        var setting = JsonNamingPolicy.SnakeCaseLower.ConvertName(property.Name);
        if (property.PropertyType == typeof(int))
        {
            AddOption(new Option<int?>(name) { Description = description, HelpName = "number" }, value => JsonValue.Create(value));
        }
        else if (property.PropertyType == typeof(double))
        {
            AddOption(new Option<double?>(name) { Description = description, HelpName = "number" }, value => JsonValue.Create(value));
        }
        else
        {
            AddOption(new Option<string?>(name) { Description = description }, value => JsonValue.Create(value));
        }

        void AddOption<T>(Option<T> option, Func<T?, JsonNode?> toNode)
        {
            command.Add(option);
            settings.Add((setting, parsed => toNode(parsed.GetValue(option))));
        }
    }
}

using System.CommandLine;
using System.ComponentModel;
using System.Globalization;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Serverless.Trainer.Commands;

/// <summary>
/// Creates one command-line option for each property with a description: <c>LoraRank</c> becomes <c>--lora-rank</c>. A new
/// setting is added in one place, the record.
/// </summary>
internal sealed class SettingOptions<TSettings>
    where TSettings : new()
{
    private readonly List<(string Setting, Func<ParseResult, JsonNode?> Value)> settings = [];

    /// <param name="command">The command to add the options to.</param>
    public SettingOptions(Command command)
    {
        var defaults = new TSettings();
        foreach (var property in typeof(TSettings).GetProperties())
        {
            if (property.GetCustomAttribute<DescriptionAttribute>() is { } description)
            {
                Add(command, property, string.Create(CultureInfo.InvariantCulture, $"{description.Description} [{property.GetValue(defaults):0.########}]"));
            }
        }
    }

    /// <summary>Reads the settings given on the command line, by snake_case name.</summary>
    public JsonObject ReadValues(ParseResult parsed)
    {
        var values = new JsonObject();
        foreach (var (setting, value) in settings)
        {
            if (value(parsed) is { } node)
            {
                values[setting] = node;
            }
        }

        return values;
    }

    private void Add(Command command, PropertyInfo property, string description)
    {
        var name = $"--{JsonNamingPolicy.KebabCaseLower.ConvertName(property.Name)}";
        var setting = JsonNamingPolicy.SnakeCaseLower.ConvertName(property.Name);
        if (property.PropertyType == typeof(int))
        {
            AddOption(NumberOption.Create<int>(name, description), value => JsonValue.Create(value));
        }
        else if (property.PropertyType == typeof(long))
        {
            AddOption(NumberOption.Create<long>(name, description), value => JsonValue.Create(value));
        }
        else if (property.PropertyType == typeof(double))
        {
            AddOption(NumberOption.Create<double>(name, description), value => JsonValue.Create(value));
        }
        else
        {
            AddOption(new Option<string?>(name) { Description = description, HelpName = "word" }, value => JsonValue.Create(value));
        }

        void AddOption<T>(Option<T> option, Func<T?, JsonNode?> toNode)
        {
            command.Add(option);
            settings.Add((setting, parsed => toNode(parsed.GetValue(option))));
        }
    }
}

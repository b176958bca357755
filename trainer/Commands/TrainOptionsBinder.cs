using System.CommandLine;
using System.Text.Json.Nodes;
using Serverless.Trainer.Training;

namespace Serverless.Trainer.Commands;

/// <summary>The training options on the command line: <c>--config</c> and one option for each setting of <see cref="TrainOptions"/>.</summary>
internal sealed class TrainOptionsBinder
{
    private readonly Option<FileInfo> config = new Option<FileInfo>("--config")
    {
        Description = "JSON file of settings, in the format of a base folder's training.json.",
        HelpName = "file",
    }.AcceptExistingOnly();

    private readonly SettingOptions<TrainOptions> settings;

    public TrainOptionsBinder(Command command)
    {
        command.Add(config);
        settings = new SettingOptions<TrainOptions>(command);
    }

    /// <summary>Loads the options for a base folder; those on the command line override the files.</summary>
    public TrainOptions Resolve(ParseResult parsed, string baseFolder)
    {
        var layers = new List<(string Source, JsonObject Settings)>();
        if (parsed.GetValue(config)?.FullName is { } file)
        {
            layers.Add((file, TrainOptionsLoader.Parse(file, File.ReadAllText(file))));
        }

        layers.Add(("command line", settings.ReadValues(parsed)));
        return TrainOptionsLoader.Load(baseFolder, layers);
    }
}

using System.CommandLine;
using Serverless.Trainer.Training;

namespace Serverless.Trainer.Commands;

/// <summary>The recipe on the command line: <c>--config</c> and one option for each setting of <see cref="TrainOptions"/>.</summary>
internal sealed class TrainOptionsBinder
{
    private readonly Option<FileInfo> config = new Option<FileInfo>("--config")
    {
        Description = "JSON file of settings, in the form of a base folder's training.json.",
        HelpName = "file",
    }.AcceptExistingOnly();

    private readonly SettingOptions<TrainOptions> settings;

    public TrainOptionsBinder(Command command)
    {
        command.Add(config);
        settings = new SettingOptions<TrainOptions>(command);
    }

    /// <summary>The recipe for a base folder under what the command line says.</summary>
    public TrainOptions Resolve(ParseResult parsed, string baseFolder) =>
        TrainOptionsLoader.Load(baseFolder, parsed.GetValue(config)?.FullName, settings.ReadValues(parsed));
}

using System.CommandLine;
using System.Text.Json;
using Serverless.Trainer.Pretraining;

namespace Serverless.Trainer.Commands;

/// <summary><c>trainer pretrain</c>: makes a small base model from plain text, for a language or a jargon of one's own.</summary>
internal static class PretrainCommand
{
    public static Command Create()
    {
        var text = new Option<FileInfo[]>("--text")
        {
            Description = "Files of text: .txt or .txt.gz with a document a line, .csv with a column text. A file named twice counts twice.",
            HelpName = "files",
            Required = true,
            AllowMultipleArgumentsPerToken = true,
        }.AcceptExistingOnly();
        var output = new Option<DirectoryInfo>("--output") { Description = "Folder of the base model; a stopped run goes on there.", HelpName = "folder", Required = true };
        var exclude = ExcludeOption.Create();
        var command = new Command("pretrain", "Make a small base model from plain text.") { text, exclude, output };
        var settings = new SettingOptions<PretrainOptions>(command);
        command.SetAction((parsed, cancellationToken) =>
        {
            var options = settings.Given(parsed).Deserialize<PretrainOptions>(SnakeCase)!;
            PretrainedBase.Make(
                parsed.GetRequiredValue(text), parsed.GetRequiredValue(exclude), parsed.GetRequiredValue(output).FullName, options, Console.Error, TimeProvider.System, cancellationToken);
            return Task.CompletedTask;
        });
        return command;
    }

    private static readonly JsonSerializerOptions SnakeCase = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };
}

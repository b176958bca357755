using System.CommandLine;
using System.Text.Json;
using Serverless.Llama.Files;
using Serverless.Trainer.Pretraining;
using Serverless.Trainer.Training;

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
        var startFrom = new Option<DirectoryInfo?>("--base")
        {
            Description = "Base model to go on from: its shape, its tokenizer and its weights; --num-hidden-layers can add layers. Without it the weights begin at random.",
            HelpName = "folder",
        };
        var exclude = ExcludeOption.Create();
        var command = new Command("pretrain", "Make a small base model from plain text.") { text, exclude, output, startFrom };
        var settings = new SettingOptions<PretrainOptions>(command);
        command.SetAction((parsed, cancellationToken) =>
        {
            var options = settings.ReadValues(parsed).Deserialize<PretrainOptions>(SnakeCase)!;
            var folder = parsed.GetValue(startFrom) is { } found ? HuggingFaceFolder.Open(found.FullName) : null;
            if (folder is not null && options.WithShapeOf(folder.Config) != options && options.WithShapeOf(new PretrainOptions { NumHiddenLayers = options.NumHiddenLayers }.Shape()) != options)
            {
                throw new InvalidTrainOptionsException($"The shape comes from {folder.Path}: --num-hidden-layers can add to it; leave out --vocab-size, --hidden-size and the others, or --base.");
            }

            BaseModelPretrainer.Run(
                parsed.GetRequiredValue(text), parsed.GetRequiredValue(exclude), parsed.GetRequiredValue(output).FullName, folder, options,
                Console.Error, TimeProvider.System, cancellationToken);
            return Task.CompletedTask;
        });
        return command;
    }

    private static readonly JsonSerializerOptions SnakeCase = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };
}

using System.CommandLine;
using System.Text.Json;
using Serverless.Llama.Files;
using Serverless.Trainer.Pretraining;
using Serverless.Trainer.Training;

namespace Serverless.Trainer.Commands;

/// <summary><c>trainer pretrain</c>: pretrains a small base model on plain text, for another language or a domain's own vocabulary.</summary>
internal static class PretrainCommand
{
    private static readonly JsonSerializerOptions SnakeCase = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public static Command Create()
    {
        var text = new Option<FileInfo[]>("--text")
        {
            Description = "Text files: .txt or .txt.gz with one document per line, .csv with a column text. A file that is named twice counts twice.",
            HelpName = "files",
            Required = true,
            AllowMultipleArgumentsPerToken = true,
        }.AcceptExistingOnly();
        var output = new Option<DirectoryInfo>("--output")
        {
            Description = "Folder of the base model; a stopped run resumes from its checkpoint there.",
            HelpName = "folder",
            Required = true,
        };
        var startFrom = new Option<DirectoryInfo?>("--base")
        {
            Description = "Base model to continue from, with its shape, tokenizer and weights; --num-hidden-layers can add layers. " +
                "Without it, the weights are random at the start.",
            HelpName = "folder",
        };
        var exclude = ExcludeOption.Create();
        var command = new Command("pretrain", "Pretrain a small base model on plain text.") { text, exclude, output, startFrom };
        var settings = new SettingOptions<PretrainOptions>(command);
        command.SetAction((parsed, cancellationToken) =>
        {
            var options = settings.ReadValues(parsed).Deserialize<PretrainOptions>(SnakeCase)!;
            var folder = parsed.GetValue(startFrom) is { } found ? ModelFolders.Read(() => HuggingFaceFolder.Open(found.FullName)) : null;
            if (folder is not null && HasOtherShape(options, folder))
            {
                throw new InvalidTrainOptionsException(
                    $"The shape is that of {folder.Path}: only --num-hidden-layers can change it. " +
                    "Remove --vocab-size, --hidden-size and the other shape options, or remove --base.");
            }

            BaseModelPretrainer.Run(
                parsed.GetRequiredValue(text), parsed.GetRequiredValue(exclude), parsed.GetRequiredValue(output).FullName, folder, options,
                Console.Error, TimeProvider.System, cancellationToken);
            return Task.CompletedTask;
        });
        return command;
    }

    // The base's own shape, or no shape at all but more layers.
    private static bool HasOtherShape(PretrainOptions options, HuggingFaceFolder folder)
    {
        var defaultShape = new PretrainOptions { NumHiddenLayers = options.NumHiddenLayers }.Shape();
        return options.WithShapeOf(folder.Config) != options && options.WithShapeOf(defaultShape) != options;
    }
}

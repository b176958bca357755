using System.CommandLine;
using Serverless.Storage;
using Spectre.Console;

namespace Serverless.Local.Commands;

/// <summary><c>upload</c>: uploads a data set, which starts a training.</summary>
internal static class UploadCommand
{
    public static Command Create()
    {
        var file = new Argument<FileInfo>("file") { Description = "A CSV or JSONL file of rows with text and label." };
        var classifier = new Option<string>("--classifier") { Description = "The classifier to train.", DefaultValueFactory = _ => "news" };
        var data = DataOption.Create();
        var command = new Command("upload", "Uploads a data set, which starts a training.") { file, classifier, data };
        command.SetAction(async (arguments, cancellationToken) =>
        {
            var source = arguments.GetValue(file)!;
            if (!source.Exists)
            {
                throw new LocalSystemException($"The file {source.FullName} does not exist.");
            }

            var blob = $"{arguments.GetValue(classifier)}/{source.Name}";
            if (StorageNames.ClassifierOf(blob) is null)
            {
                throw new LocalSystemException(StorageNames.InvalidNameMessage(arguments.GetValue(classifier)!));
            }

            var datasets = data.Storage(arguments).Container(StorageNames.DatasetsContainer);
            await datasets.GetBlobClient(blob).UploadAsync(source.FullName, overwrite: true, cancellationToken);
            AnsiConsole.MarkupLineInterpolated(
                $"Uploaded as {datasets.Name}/{blob}. The training: [bold]./topics runs --classifier {arguments.GetValue(classifier)}[/]");
        });
        return command;
    }
}

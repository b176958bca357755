using System.CommandLine;
using Serverless.Storage;
using Spectre.Console;

namespace Serverless.Local.Commands;

/// <summary><c>upload</c>: uploads a data set, which starts a training.</summary>
internal static class UploadCommand
{
    public static Command Create()
    {
        var file = new Argument<FileInfo>("file") { Description = "A CSV, JSON Lines or Parquet file of rows with text and label, or training.json." };
        var classifier = new Option<string>("--classifier") { Description = "The classifier to train.", DefaultValueFactory = _ => "news" };
        var data = DataOption.Create();
        var command = new Command("upload", "Uploads a data set, which starts a training, or the settings of the next trainings, training.json.")
        {
            file,
            classifier,
            data,
        };
        command.SetAction(async (arguments, cancellationToken) =>
        {
            var source = arguments.GetValue(file)!;
            var name = arguments.GetValue(classifier)!;
            if (!source.Exists)
            {
                throw new LocalSystemException($"The file {source.FullName} does not exist.");
            }

            using var api = new UploadApi(data.Folder(arguments));
            await api.UploadAsync(name, source, cancellationToken);
            var uploaded = $"Uploaded as {StorageNames.DatasetsContainer}/{name}/{source.Name}.";
            if (source.Name == StorageNames.TrainingFile)
            {
                AnsiConsole.MarkupLineInterpolated($"{uploaded} The settings apply to the data sets that are uploaded from now on.");
                return;
            }

            AnsiConsole.MarkupLineInterpolated($"{uploaded} The training: [bold]./topics runs --classifier {name}[/]");
        });
        return command;
    }
}

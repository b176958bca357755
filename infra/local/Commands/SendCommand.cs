using System.CommandLine;
using Serverless.Articles;
using Serverless.Storage;
using Spectre.Console;

namespace Serverless.Local.Commands;

/// <summary><c>send</c>: sends an article to the queue.</summary>
internal static class SendCommand
{
    public static Command Create()
    {
        var text = new Argument<string?>("text")
        {
            Description = "The text of the article (default: the content of --file, or standard input).",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var file = new Option<FileInfo?>("--file") { Description = "A text file that contains the article." };
        var id = new Option<string?>("--id") { Description = "The id of the article (default: the SHA-256 of its text)." };
        var classifier = new Option<string?>("--classifier") { Description = "The classifier (default: news)." };
        var data = DataOption.Create();
        var command = new Command("send", "Sends an article to the queue 'articles'.") { text, file, id, classifier, data };
        command.SetAction(async (arguments, cancellationToken) =>
        {
            var article = arguments.GetValue(text) ?? await ReadAsync(arguments.GetValue(file), cancellationToken);
            if (!ArticleLimits.IsValid(article, out var reason))
            {
                throw new LocalSystemException(reason);
            }

            var storage = data.Storage(arguments);
            var message = new ArticleMessage(arguments.GetValue(id) ?? Sha256Hex.HashText(article))
            {
                Text = article,
                Classifier = arguments.GetValue(classifier),
            };
            await new ArticleSender(storage, new ArticleBlobStore(storage)).SendAsync(message, cancellationToken);
            var option = message.Classifier is { } name ? $" --classifier {name}" : "";
            AnsiConsole.MarkupLineInterpolated($"Sent. Its result: [bold]./topics result {message.Id}{option}[/]");
        });
        return command;
    }

    private static async Task<string> ReadAsync(FileInfo? file, CancellationToken cancellationToken)
    {
        if (file is null)
        {
            return await Console.In.ReadToEndAsync(cancellationToken);
        }

        return file.Exists
            ? await File.ReadAllTextAsync(file.FullName, cancellationToken)
            : throw new LocalSystemException($"The file {file.FullName} does not exist.");
    }
}

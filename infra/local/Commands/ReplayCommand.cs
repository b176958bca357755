using System.CommandLine;
using Serverless.Articles;
using Serverless.Storage;

namespace Serverless.Local.Commands;

/// <summary><c>replay</c>: sends articles that failed on every attempt to the queue again.</summary>
internal static class ReplayCommand
{
    private const int PageSize = 1000;

    public static Command Create()
    {
        var classifier = new Option<string>("--classifier") { Description = "The classifier of the articles.", DefaultValueFactory = _ => "news" };
        var data = DataOption.Create();
        var command = new Command("replay", "Sends the articles that failed on every attempt to the queue again.") { classifier, data };
        command.SetAction(async (arguments, cancellationToken) =>
        {
            var storage = data.Storage(arguments);
            var failed = new FailedArticleStore(storage, new ArticleSender(storage, new ArticleBlobStore(storage)));
            var sent = 0;
            Replay replay;
            do
            {
                replay = await failed.ReplayAsync(arguments.GetValue(classifier)!, PageSize, cancellationToken);
                sent += replay.Replayed;
            }
            while (replay.More);

            Console.WriteLine($"Sent {sent:N0} failed articles to the queue again.");
        });
        return command;
    }
}

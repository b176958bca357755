using System.CommandLine;
using Serverless.Articles;

namespace Serverless.Local.Commands;

/// <summary><c>result</c>: shows the result of an article.</summary>
internal static class ResultCommand
{
    public static Command Create()
    {
        var id = new Argument<string>("id") { Description = "The article's id." };
        var classifier = new Option<string>("--classifier") { Description = "The classifier of the article.", DefaultValueFactory = _ => "news" };
        var wait = new Option<int>("--wait") { Description = "How many seconds to wait for the result.", DefaultValueFactory = _ => 30 };
        var data = DataOption.Create();
        var command = new Command("result", "Shows the result of an article, as JSON.") { id, classifier, wait, data };
        command.SetAction(async (arguments, cancellationToken) =>
        {
            var results = new ResultStore(data.Storage(arguments));
            var started = TimeProvider.System.GetTimestamp();
            var timeout = TimeSpan.FromSeconds(arguments.GetValue(wait));
            ClassificationResult? result;
            while ((result = await results.FindAsync(arguments.GetValue(classifier)!, arguments.GetValue(id)!, cancellationToken)) is null)
            {
                if (TimeProvider.System.GetElapsedTime(started) >= timeout)
                {
                    throw new LocalSystemException(
                        $"No result was found for the article '{arguments.GetValue(id)}' of the classifier '{arguments.GetValue(classifier)}'.");
                }

                await Task.Delay(200, cancellationToken);
            }

            Console.WriteLine(result.ToJson());
        });
        return command;
    }
}

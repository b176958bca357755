using System.CommandLine;
using Serverless.Trainer.Data;

namespace Serverless.Trainer.Commands;

/// <summary><c>trainer overlap</c>: checks training text for test articles, which would make an evaluation worthless.</summary>
internal static class OverlapCommand
{
    private const int MaxShown = 5;

    public static Command Create()
    {
        var test = new Option<FileInfo>("--test")
        {
            Description = "The test articles: a .csv file with a column text, or a .txt file with one article per line.",
            HelpName = "file",
            Required = true,
        }.AcceptExistingOnly();
        var text = new Option<FileInfo[]>("--text")
        {
            Description = "The training text, in the same formats; .txt.gz too.",
            HelpName = "files",
            Required = true,
            AllowMultipleArgumentsPerToken = true,
        }.AcceptExistingOnly();
        var command = new Command("overlap", $"Count the training texts that share {Shingles.Length} consecutive words with a test article.") { test, text };
        command.SetAction((parsed, cancellationToken) =>
            Task.FromResult(Count(parsed.GetRequiredValue(test), parsed.GetRequiredValue(text), cancellationToken) == 0 ? 0 : 1));
        return command;
    }

    private static int Count(FileInfo test, IReadOnlyList<FileInfo> text, CancellationToken cancellationToken)
    {
        string[] articles = [.. TextFiles.Read(test)];
        var shingles = new Shingles(articles);
        var total = 0;
        foreach (var file in text)
        {
            var (read, found) = (0, 0);
            foreach (var document in TextFiles.Read(file))
            {
                cancellationToken.ThrowIfCancellationRequested();
                read++;
                if (shingles.Find(document) is { } shared && found++ < MaxShown)
                {
                    Console.WriteLine($"{file.Name}, text {read}: \"{shared.Words}\", as in article {shared.Owner + 1} of {test.Name}");
                }
            }

            Console.WriteLine($"{file.Name}: {found} of {read} texts share {Shingles.Length} consecutive words with one of {articles.Length} test articles");
            total += found;
        }

        return total;
    }
}

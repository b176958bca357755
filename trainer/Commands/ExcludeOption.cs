using System.CommandLine;
using Serverless.Trainer.Data;

namespace Serverless.Trainer.Commands;

/// <summary>The option <c>--exclude</c>: test articles that the training data must not contain.</summary>
internal static class ExcludeOption
{
    public static Option<FileInfo[]> Create() => new Option<FileInfo[]>("--exclude")
    {
        Description = $"Files of test articles: training texts that share {Shingles.Length} consecutive words with one of them are left out.",
        HelpName = "files",
        AllowMultipleArgumentsPerToken = true,
        DefaultValueFactory = _ => [],
    }.AcceptExistingOnly();
}

using System.CommandLine;
using Serverless.Trainer.Data;

namespace Serverless.Trainer.Commands;

/// <summary>Names the articles that a model will be measured by, which it must not have read before.</summary>
internal static class ExcludeOption
{
    public static Option<FileInfo[]> Create() => new Option<FileInfo[]>("--exclude")
    {
        Description = $"Files of articles to be measured by: a text that shares {Shingles.Length} words in a row with one of them is left out.",
        HelpName = "files",
        AllowMultipleArgumentsPerToken = true,
        DefaultValueFactory = _ => [],
    }.AcceptExistingOnly();
}

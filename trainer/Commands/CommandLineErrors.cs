using System.CommandLine;
using System.CommandLine.Parsing;

namespace Serverless.Trainer.Commands;

/// <summary>
/// Formats the errors of a command line as one line. System.CommandLine would print the whole help, which hides the error among
/// thirty options.
/// </summary>
internal static class CommandLineErrors
{
    public static string Format(ParseResult parsed)
    {
        var errors = parsed.Errors.SelectMany(error => error.Message.Split(default(char[]), StringSplitOptions.RemoveEmptyEntries));
        var command = new List<string>();
        for (var result = parsed.CommandResult; result is not null; result = result.Parent as CommandResult)
        {
            command.Insert(0, result.Command.Name);
        }

        return $"{string.Join(' ', errors).TrimEnd('.')}. See: {string.Join(' ', command)} --help";
    }
}

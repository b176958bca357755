using System.CommandLine;
using System.CommandLine.Parsing;

namespace Serverless.Trainer.Commands;

/// <summary>What is wrong with a command line, in one line: the help of a command with thirty options would hide it.</summary>
internal static class CommandLineErrors
{
    public static string Format(ParseResult parsed)
    {
        var faults = parsed.Errors.SelectMany(error => error.Message.Split(default(char[]), StringSplitOptions.RemoveEmptyEntries));
        var command = new List<string>();
        for (var result = parsed.CommandResult; result is not null; result = result.Parent as CommandResult)
        {
            command.Insert(0, result.Command.Name);
        }

        return $"{string.Join(' ', faults).TrimEnd('.')}. See: {string.Join(' ', command)} --help";
    }
}

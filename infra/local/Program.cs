using System.CommandLine;
using Serverless.Local;
using Serverless.Local.Commands;
using Spectre.Console;

if (Console.IsOutputRedirected)
{
    // A file or a pipe has no width; eighty columns would break lines that somebody searches.
    AnsiConsole.Profile.Width = 160;
}

var root = new RootCommand("The whole system on this machine.")
{
    UpCommand.Create(),
    FunctionsCommand.Create(),
    DropCommand.Create(),
    ResultCommand.Create(),
    UploadCommand.Create(),
    RunsCommand.Create(),
    ConnectionCommand.Create(),
};

// Ctrl-C cancels; stopping every program in order takes longer than the two seconds that are the default.
var invocation = new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromMinutes(2), EnableDefaultExceptionHandler = false };
try
{
    return await root.Parse(args).InvokeAsync(invocation);
}
catch (LocalSystemException exception)
{
    Console.Error.WriteLine(exception.Message);
    return 1;
}
catch (OperationCanceledException)
{
    return 0;
}

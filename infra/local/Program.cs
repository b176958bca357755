using System.CommandLine;
using Serverless;
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
    SendCommand.Create(),
    ResultCommand.Create(),
    UploadCommand.Create(),
    RunsCommand.Create(),
    ConnectionCommand.Create(),
};

try
{
    using var stop = new StopSignal(grace: TimeSpan.FromMinutes(2), exitCode: 1); // every program is stopped in order
    return await root.Parse(args).InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null }, stop.Token);
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

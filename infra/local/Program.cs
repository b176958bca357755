using System.CommandLine;
using Serverless;
using Serverless.Local;
using Serverless.Local.Commands;
using Spectre.Console;

if (Console.IsOutputRedirected)
{
    // A file or a pipe has no width; the default of 80 columns would break lines that tools search.
    AnsiConsole.Profile.Width = 160;
}

var root = new RootCommand("Runs the whole system on this machine.")
{
    UpCommand.Create(),
    FunctionsCommand.Create(),
    SendCommand.Create(),
    ResultCommand.Create(),
    ReplayCommand.Create(),
    UploadCommand.Create(),
    RunsCommand.Create(),
    ConnectionCommand.Create(),
};

try
{
    using var stop = new StopSignal(shutdownTimeout: TimeSpan.FromMinutes(2), exitCode: 1); // all programs are stopped in order
    var configuration = new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null };
    return await root.Parse(args).InvokeAsync(configuration, stop.Token);
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

using System.CommandLine;
using Serverless.Local.Demo;
using Serverless.Local.Processes;
using Spectre.Console;

namespace Serverless.Local.Commands;

/// <summary><c>up</c>: the whole system, until Ctrl-C.</summary>
internal static class UpCommand
{
    public static Command Create()
    {
        var demo = new Option<bool>("--demo") { Description = "Show what the system does, on sample articles and a training." };
        var keys = new Option<bool>("--keys") { Description = "Require the function key or the operator key from HTTP callers, as in Azure." };
        var untilInputEnds = UntilInputEndsOption.Create();
        var data = DataOption.Create();
        var http = Port("--port", Ports.Default.Http);
        var blobs = Port("--blob-port", Ports.Default.Blobs);
        var queues = Port("--queue-port", Ports.Default.Queues);
        var tables = Port("--table-port", Ports.Default.Tables);
        var command = new Command("up", "Starts everything and runs until Ctrl-C.") { demo, keys, data, http, blobs, queues, tables, untilInputEnds };
        command.SetAction(async (arguments, cancellationToken) =>
        {
            using var stopping = untilInputEnds.Link(arguments, cancellationToken);
            var ports = new Endpoints(arguments.GetValue(blobs), arguments.GetValue(queues), arguments.GetValue(tables), arguments.GetValue(http));
            await RunAsync(data.Folder(arguments), ports, arguments.GetValue(demo), arguments.GetValue(keys), stopping.Token);
        });
        return command;
    }

    private static Option<int> Port(string name, int defaultPort) =>
        new(name) { Description = "A port on 127.0.0.1; 0 for any free port.", DefaultValueFactory = _ => defaultPort };

    private static async Task RunAsync(LocalFolder folder, Endpoints ports, bool demo, bool keys, CancellationToken cancellationToken)
    {
        // During the demo the output of the programs is written to their log files only.
        var quiet = demo;
        void WriteLine(string program, string line)
        {
            if (!quiet)
            {
                Console.WriteLine($"{program,-9} {line}");
            }
        }

        await using var system = await LocalSystem.StartAsync(folder, ports, keys, WriteLine, cancellationToken);
        WriteEndpoints(system, keys);
        try
        {
            if (demo)
            {
                await Task.WhenAny(new DemoRun(system).RunAsync(cancellationToken), system.Faulted).Unwrap();
                quiet = false;
            }

            AnsiConsole.MarkupLine("[bold]Up.[/] Ctrl-C stops everything.");
            await system.Faulted.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            quiet = true;
            AnsiConsole.MarkupLine("Stopping.");
        }
    }

    private static void WriteEndpoints(LocalSystem system, bool keys)
    {
        var endpoints = system.Endpoints;
        AnsiConsole.MarkupLineInterpolated(
            $"[bold]Storage[/]    127.0.0.1, blobs {endpoints.Blobs}, queues {endpoints.Queues}, tables {endpoints.Tables}; data in {system.Folder.Root}");
        AnsiConsole.MarkupLineInterpolated($"[bold]Functions[/]  {endpoints.Api} (try: curl {endpoints.Api}health)");
        AnsiConsole.MarkupLineInterpolated($"[bold]Page[/]       {endpoints.Api}ui");
        if (keys)
        {
            var functionKey = File.ReadAllText(system.Folder.FunctionKeyFile);
            var operatorKey = File.ReadAllText(system.Folder.OperatorKeyFile);
            AnsiConsole.MarkupLineInterpolated($"[bold]Key[/]        {functionKey} (send it in the header x-functions-key)");
            AnsiConsole.MarkupLineInterpolated($"[bold]Operators[/]  {operatorKey} (also uploads data sets, exports labels and promotes versions)");
        }

        AnsiConsole.MarkupLineInterpolated($"[bold]Logs[/]       {system.Folder.Logs}");
    }
}

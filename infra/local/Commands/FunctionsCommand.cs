using System.CommandLine;
using Serverless.Local.Hosting;

namespace Serverless.Local.Commands;

/// <summary><c>functions</c>: the Functions host alone; <c>up</c> starts it as a process of its own.</summary>
internal static class FunctionsCommand
{
    public static Command Create()
    {
        var port = new Option<int>("--port") { Description = "Where to listen on 127.0.0.1.", DefaultValueFactory = _ => Ports.Default.Http };
        var keys = new Option<string?>("--keys") { Description = $"Ask callers for the keys in the files {FunctionKeys.FunctionFile} and {FunctionKeys.AdminFile} of this folder, which are made if they are missing." };
        var app = new Option<string>("--app") { Description = "The folder of the built or published function app.", DefaultValueFactory = _ => LocalFolder.FunctionApp };
        var untilInputEnds = UntilInputEndsOption.Create();
        var command = new Command("functions", "Hosts the functions on the storage account that the setting 'Storage' names.") { port, keys, app, untilInputEnds };
        command.SetAction(async (arguments, cancellationToken) =>
        {
            using var stopping = untilInputEnds.Link(arguments, cancellationToken);
            var folder = FunctionApp.Open(Path.GetFullPath(arguments.GetValue(app)!));
            await using var host = await FunctionsHost.StartAsync(folder, arguments.GetValue(port), arguments.GetValue(keys), stopping.Token);
            await Task.Delay(Timeout.Infinite, stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        });
        return command;
    }
}

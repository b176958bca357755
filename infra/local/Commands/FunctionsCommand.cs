using System.CommandLine;
using Serverless.Local.Hosting;
using Serverless.Local.Hosting.Worker;

namespace Serverless.Local.Commands;

/// <summary><c>functions</c>: the Functions host alone. <c>up</c> starts it as a child process.</summary>
internal static class FunctionsCommand
{
    public static Command Create()
    {
        var port = new Option<int>("--port") { Description = "The port on 127.0.0.1.", DefaultValueFactory = _ => Ports.Default.Http };
        var keys = new Option<string?>("--keys")
        {
            Description =
                $"Require the keys in the files {LocalFolder.FunctionKeyName}, {LocalFolder.OperatorKeyName} and {LocalFolder.AdminKeyName} " +
                "of this folder, which are created if they do not exist.",
        };
        var app = new Option<string>("--app")
        {
            Description = "The folder of the built or published function app.",
            DefaultValueFactory = _ => LocalFolder.FunctionApp,
        };
        var untilInputEnds = UntilInputEndsOption.Create();
        var command = new Command("functions", "Runs the functions on the storage account of the setting 'Storage'.")
        {
            port, keys, app, untilInputEnds,
        };
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

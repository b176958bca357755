using System.CommandLine;
using Microsoft.Extensions.Hosting;
using Serverless.Local.Hosting;

namespace Serverless.Local.Commands;

/// <summary><c>functions</c>: the function host alone; <c>up</c> starts it as a process of its own.</summary>
internal static class FunctionsCommand
{
    public static Command Create()
    {
        var port = new Option<int>("--port") { Description = "Where to listen on 127.0.0.1.", DefaultValueFactory = _ => Ports.Standard.Http };
        var keys = new Option<string?>("--keys") { Description = $"Ask callers for the keys in the files {FunctionKeys.FunctionFile} and {FunctionKeys.AdminFile} of this folder, which are made if they are missing." };
        var untilInputEnds = UntilInputEndsOption.Create();
        var command = new Command("functions", "Hosts the functions on the storage account that the setting 'Storage' names.") { port, keys, untilInputEnds };
        command.SetAction(async (arguments, cancellationToken) =>
        {
            using var stopping = untilInputEnds.Link(arguments, cancellationToken);
            await using var app = await FunctionsHost.CreateAsync(arguments.GetValue(port), arguments.GetValue(keys));
            await app.StartAsync(CancellationToken.None);
            await app.WaitForShutdownAsync(stopping.Token);
        });
        return command;
    }
}

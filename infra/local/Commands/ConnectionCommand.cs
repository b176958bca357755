using System.CommandLine;

namespace Serverless.Local.Commands;

/// <summary><c>connection</c>: prints the connection string of the emulator.</summary>
internal static class ConnectionCommand
{
    public static Command Create()
    {
        var data = DataOption.Create();
        var command = new Command("connection", "Prints the connection string of the storage emulator.") { data };
        command.SetAction(arguments => Console.WriteLine(Endpoints.Read(data.Folder(arguments)).ConnectionString));
        return command;
    }
}

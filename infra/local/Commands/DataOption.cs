using System.CommandLine;
using Microsoft.Extensions.Configuration;
using Serverless.Storage;

namespace Serverless.Local.Commands;

/// <summary>The option <c>--data</c>: the folder of the local system.</summary>
internal sealed class DataOption() : Option<string>("--data")
{
    public static DataOption Create() => new()
    {
        Description = "The data folder of the local system.",
        DefaultValueFactory = _ => LocalFolder.Default,
    };

    public LocalFolder Folder(ParseResult arguments) => new(Path.GetFullPath(arguments.GetValue(this)!));

    /// <summary>Storage clients of the local system that was last started on the folder.</summary>
    public StorageClients Storage(ParseResult arguments) => new(new ConfigurationBuilder()
        .AddInMemoryCollection([new(StorageNames.Connection, Endpoints.Read(Folder(arguments)).ConnectionString)])
        .Build());
}

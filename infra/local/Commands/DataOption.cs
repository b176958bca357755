using System.CommandLine;
using Microsoft.Extensions.Configuration;
using Serverless.Storage;

namespace Serverless.Local.Commands;

/// <summary>The option <c>--data</c>, which says which local system is meant.</summary>
internal sealed class DataOption() : Option<string>("--data")
{
    public static DataOption Create() => new()
    {
        Description = "The folder of the local system's data.",
        DefaultValueFactory = _ => LocalFolder.Default,
    };

    public LocalFolder Folder(ParseResult arguments) => new(Path.GetFullPath(arguments.GetValue(this)!));

    /// <summary>The storage of the local system that was started last on the folder.</summary>
    public StorageClients Storage(ParseResult arguments) => new(new ConfigurationBuilder()
        .AddInMemoryCollection([new(StorageNames.Connection, Endpoints.Read(Folder(arguments)).ConnectionString)])
        .Build());
}

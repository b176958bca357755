using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Serverless.Local;
using Serverless.Local.Processes;
using Serverless.Storage;

namespace Serverless.Benchmarks.Serving;

/// <summary>A storage account in an emulator of its own, with all that the contract names.</summary>
internal sealed class Account : IAsyncDisposable
{
    private readonly IDisposable folderLock;
    private readonly ChildProcess emulator;

    private Account(LocalFolder folder, Endpoints endpoints, IDisposable folderLock, ChildProcess emulator, ServiceProvider services) =>
        (Folder, Endpoints, this.folderLock, this.emulator, Services) = (folder, endpoints, folderLock, emulator, services);

    public LocalFolder Folder { get; }

    public Endpoints Endpoints { get; }

    /// <summary>The classifier and its storage, as every host composes them.</summary>
    public ServiceProvider Services { get; }

    /// <param name="root">The folder for data and logs; what lies there is found again.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public static async Task<Account> StartAsync(string root, CancellationToken cancellationToken)
    {
        var folder = new LocalFolder(root);
        var folderLock = folder.AcquireLock();
        var endpoints = Ports.Resolve(new Endpoints(0, 0, 0, 0));
        var emulator = await Emulator.StartAsync(folder, endpoints, cancellationToken);
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(ProgramSettings.From(folder, endpoints)
            .Select(setting => KeyValuePair.Create(setting.Key.Replace("__", ":", StringComparison.Ordinal), (string?)setting.Value))).Build();
        var services = new ServiceCollection().AddLogging(logging => logging.SetMinimumLevel(LogLevel.Warning))
            .AddArticleClassifier(configuration).BuildServiceProvider();
        await services.GetRequiredService<StorageClients>().CreateMissingAsync(cancellationToken);
        return new Account(folder, endpoints, folderLock, emulator, services);
    }

    public async ValueTask DisposeAsync()
    {
        await Services.DisposeAsync();
        await emulator.DisposeAsync();
        folderLock.Dispose();
    }
}

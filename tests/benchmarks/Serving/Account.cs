using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Serverless.Local;
using Serverless.Local.Processes;
using Serverless.Storage;

namespace Serverless.Benchmarks.Serving;

/// <summary>A storage account in its own emulator, with all containers, queues and tables.</summary>
internal sealed class Account : IAsyncDisposable
{
    private readonly IDisposable folderLock;
    private readonly ChildProcess emulator;

    private Account(LocalFolder folder, Endpoints endpoints, IDisposable folderLock, ChildProcess emulator, ServiceProvider services)
    {
        Folder = folder;
        Endpoints = endpoints;
        Services = services;
        this.folderLock = folderLock;
        this.emulator = emulator;
    }

    public LocalFolder Folder { get; }

    public Endpoints Endpoints { get; }

    /// <summary>The services of the classifier and its storage.</summary>
    public ServiceProvider Services { get; }

    /// <param name="root">The folder for data and logs; existing data is used again.</param>
    /// <param name="cancellationToken">Cancels the start.</param>
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

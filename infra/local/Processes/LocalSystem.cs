using Azure.Storage.Blobs.Models;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;
using Serverless.Models;
using Serverless.Storage;
using Serverless.Training;

namespace Serverless.Local.Processes;

/// <summary>The whole system on this machine: the emulator, the functions, and a trainer for each training request. Disposing stops it.</summary>
internal sealed class LocalSystem : IAsyncDisposable
{
    private readonly CancellationTokenSource stopping = new();
    private readonly Stack<IAsyncDisposable> processes = [];
    private IDisposable? folderLock;
    private Task dispatching = Task.CompletedTask;

    private LocalSystem(LocalFolder folder, Endpoints endpoints)
    {
        Folder = folder;
        Endpoints = endpoints;
        Configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(
                from setting in ProgramSettings.From(folder, endpoints)
                select KeyValuePair.Create(setting.Key.Replace("__", ":", StringComparison.Ordinal), (string?)setting.Value))
            .Build();
        Storage = new StorageClients(Configuration);
    }

    public LocalFolder Folder { get; }

    public Endpoints Endpoints { get; }

    public IConfiguration Configuration { get; }

    public StorageClients Storage { get; }

    /// <summary>Fails when the emulator or the functions exit by themselves.</summary>
    public Task Faulted { get; private set; } = Task.CompletedTask;

    /// <param name="folder">The data folder.</param>
    /// <param name="requested">The ports; 0 for any free one.</param>
    /// <param name="keys">Whether HTTP callers need a key.</param>
    /// <param name="listener">Receives each line that functions and trainer write.</param>
    /// <param name="cancellationToken">Cancels the start.</param>
    /// <exception cref="LocalSystemException">The system cannot start.</exception>
    public static async Task<LocalSystem> StartAsync(
        LocalFolder folder, Endpoints requested, bool keys, Action<string, string> listener, CancellationToken cancellationToken)
    {
        var folderLock = folder.AcquireLock();
        LocalSystem? system = null;
        try
        {
            system = new LocalSystem(folder, Ports.Resolve(requested)) { folderLock = folderLock };
            await system.StartAsync(keys, listener, cancellationToken);
            return system;
        }
        catch
        {
            await (system?.DisposeAsync() ?? ValueTask.CompletedTask);
            folderLock.Dispose();
            throw;
        }
    }

    /// <summary>Stops the functions before the storage that they write to.</summary>
    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await dispatching.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        while (processes.TryPop(out var process))
        {
            await process.DisposeAsync();
        }

        folderLock?.Dispose();
        stopping.Dispose();
    }

    private async Task StartAsync(bool keys, Action<string, string> listener, CancellationToken cancellationToken)
    {
        File.Delete(Folder.EndpointsFile);
        var emulator = await Emulator.StartAsync(Folder, Endpoints, cancellationToken);
        processes.Push(emulator);
        await Storage.CreateMissingAsync(cancellationToken);
        await AllowUploadsOfThePageAsync(cancellationToken);
        var registry = new ModelRegistry(Storage, new TrainingRuns(Storage), Folder.Models, TimeProvider.System);
        await new StarterModel(registry, NullLogger<StarterModel>.Instance).EnsureAsync(StarterModel.Folder, cancellationToken);
        var functions = await FunctionsProcess.StartAsync(Folder, Endpoints, keys, line => listener("functions", line), cancellationToken);
        processes.Push(functions);
        Endpoints.Write(Folder);
        var dispatcher = new TrainingDispatcher(Folder, Endpoints, Storage, line => listener("trainer", line));
        dispatching = dispatcher.RunAsync(stopping.Token);
        Faulted = Task.WhenAny(WatchAsync(emulator), WatchAsync(functions)).Unwrap();
    }

    /// <summary>Lets the page upload data sets to storage (CORS). In Azure the deployment does it.</summary>
    private async Task AllowUploadsOfThePageAsync(CancellationToken cancellationToken)
    {
        var rule = new BlobCorsRule
        {
            AllowedOrigins = $"http://127.0.0.1:{Endpoints.Http},http://localhost:{Endpoints.Http}",
            AllowedMethods = "PUT",
            AllowedHeaders = "content-type,x-ms-blob-type",
            ExposedHeaders = "x-ms-error-code",
            MaxAgeInSeconds = 3600,
        };
        var properties = (await Storage.Blobs.GetPropertiesAsync(cancellationToken)).Value;
        properties.Cors = [rule];
        await Storage.Blobs.SetPropertiesAsync(properties, cancellationToken);
    }

    private async Task WatchAsync(ChildProcess process)
    {
        var exitCode = await process.WaitAsync(stopping.Token);
        throw new LocalSystemException($"The {process.Name} exited unexpectedly (exit code {exitCode}): see the logs in {Folder.Logs}.");
    }
}

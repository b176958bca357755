using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;
using Serverless.FaultTests.Faults;
using Serverless.Models;
using Serverless.Storage;
using Serverless.Training;

namespace Serverless.FaultTests.Programs;

/// <summary>
/// A storage account with the starter model, and the programs that use it through a proxy. The tests use the account directly. The
/// recipe of the starter is reduced to a few steps.
/// </summary>
internal sealed class Installation : IAsyncDisposable
{
    private const string QuickRecipe = """
        {
          "learning_rate": 0.0015, "min_steps": 6, "per_device_train_batch_size": 8, "gradient_accumulation_steps": 1,
          "lora_rank": 4, "lora_alpha": 8, "lora_dropout": 0.0, "max_length": 32, "logging_steps": 1, "eval_steps": 3
        }
        """;

    private Installation(string folder, StorageEmulator emulator, StorageProxy proxy)
    {
        Folder = folder;
        Emulator = emulator;
        Proxy = proxy;
        Storage = CreateClients(emulator.ConnectionString);
        Settings = new Dictionary<string, string>
        {
            ["Storage"] = proxy.ConnectionString,
            ["Classifier__CacheFolder"] = Path.Combine(folder, "models"),
            ["Classifier__PollInterval"] = "00:00:00.5",
            ["Classifier__LoadWait"] = "00:00:30",
            ["Classifier__FirstVersionWait"] = "00:00:00",
            ["Local__RetryDelay"] = "00:00:00.2",
            ["Local__MessageVisibility"] = "00:00:03",
            ["Local__MaxPollingInterval"] = "00:00:00.5",
            ["Local__BlobScanInterval"] = "00:00:00.5",
        };
    }

    public string Folder { get; }

    public StorageEmulator Emulator { get; }

    /// <summary>The proxy between the programs and the emulator. It injects no faults by default.</summary>
    public StorageProxy Proxy { get; }

    /// <summary>Clients that bypass the proxy.</summary>
    public StorageClients Storage { get; }

    /// <summary>The environment variables of the programs, with shortened times.</summary>
    public Dictionary<string, string> Settings { get; }

    public ModelRegistry Registry => new(Storage, new TrainingRuns(Storage), Path.Combine(Folder, "registry"), TimeProvider.System);

    public static async Task<Installation> StartAsync()
    {
        var folder = Directory.CreateTempSubdirectory("serverless-").FullName;
        var emulator = new StorageEmulator(Path.Combine(folder, "emulator"));
        await emulator.StartAsync();
        var installation = new Installation(folder, emulator, await StorageProxy.StartAsync(emulator.Ports));
        await installation.Storage.CreateMissingAsync(TestContext.Current.CancellationToken);
        var starter = new StarterModel(installation.Registry, NullLogger<StarterModel>.Instance);
        await starter.EnsureAsync(QuickStarter(folder), TestContext.Current.CancellationToken);
        return installation;
    }

    public static StorageClients CreateClients(string connectionString) =>
        new(new ConfigurationBuilder().AddInMemoryCollection([new(StorageNames.Connection, connectionString)]).Build());

    public FunctionsProgram StartFunctions(params IEnumerable<string> options) => FunctionsProgram.Start(Settings, options);

    /// <summary><c>trainer run</c>, for one request unless an option says otherwise.</summary>
    public RunningProgram StartTrainer(params IEnumerable<string> options) =>
        RunningProgram.Start(["dotnet", Repository.Trainer, "run", .. options], Settings);

    public async ValueTask DisposeAsync()
    {
        await Proxy.DisposeAsync();
        await Emulator.DisposeAsync();
        Directory.Delete(Folder, recursive: true);
    }

    private static string QuickStarter(string folder)
    {
        var copy = Path.Combine(folder, "starter");
        foreach (var file in Directory.EnumerateFiles(StarterModel.Folder, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(copy, Path.GetRelativePath(StarterModel.Folder, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }

        File.WriteAllText(Path.Combine(copy, "base", StorageNames.TrainingFile), QuickRecipe);
        return copy;
    }
}

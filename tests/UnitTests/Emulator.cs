using Microsoft.Extensions.Configuration;
using Serverless.Storage;

[assembly: AssemblyFixture(typeof(Serverless.UnitTests.Emulator))]

namespace Serverless.UnitTests;

/// <summary>The storage emulator, started by the first test that needs it and shared by all. Every caller gets a storage account of its own.</summary>
public sealed class Emulator : IAsyncDisposable
{
    private const int Accounts = 1000;

    private readonly StorageEmulator emulator = new(accounts: [.. Enumerable.Range(0, Accounts).Select(Account)]);
    private readonly Lazy<Task> started;
    private int lastAccount = -1;

    public Emulator() => started = new(emulator.StartAsync);

    /// <summary>A storage account that no other test uses, with all containers, queues and tables of the contract.</summary>
    public async Task<StorageClients> NewAccountAsync() => await PreparedAsync(await NewConnectionStringAsync());

    /// <summary>The clients of an account, with all containers, queues and tables of the contract.</summary>
    public static async Task<StorageClients> PreparedAsync(string connectionString)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([new(StorageNames.Connection, connectionString)]).Build();
        var storage = new StorageClients(configuration);
        await storage.CreateMissingAsync(TestContext.Current.CancellationToken);
        return storage;
    }

    /// <summary>The connection string of an empty storage account that no other test uses.</summary>
    public async Task<string> NewConnectionStringAsync()
    {
        await started.Value;
        return StorageEmulator.ConnectionStringFor(emulator.Ports, Account(Interlocked.Increment(ref lastAccount) % Accounts));
    }

    public ValueTask DisposeAsync() => emulator.DisposeAsync();

    private static string Account(int number) => $"account{number}";
}

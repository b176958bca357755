using System.Globalization;

namespace Serverless.Testing;

/// <summary>Azurite, the storage emulator, with data of its own. It can be killed and started again on the same data.</summary>
/// <param name="folder">Of its data; null to keep them in memory.</param>
/// <param name="accounts">Names of its storage accounts; the emulator's usual one unless given.</param>
public sealed class StorageEmulator(string? folder = null, IReadOnlyCollection<string>? accounts = null) : IAsyncDisposable
{
    private const string DefaultAccount = "devstoreaccount1";

    // The key of the emulator's usual account is public: it is the same on every machine.
    private const string Key = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";
    private const string Listening = "successfully listening at http://127.0.0.1:";

    private RunningProgram? program;

    /// <summary>The ports of blobs, queues and tables.</summary>
    /// <remarks>One that is never started again takes any port: several test programs may run on one machine.</remarks>
    public IReadOnlyList<int> Ports { get; private set; } = folder is null ? [0, 0, 0] : FreePorts.Take(3);

    public string ConnectionString => ConnectionStringFor(Ports);

    public RunningProgram Program => program!;

    /// <summary>The connection string of an account that is reached through these ports.</summary>
    public static string ConnectionStringFor(IReadOnlyList<int> ports, string account = DefaultAccount) =>
        $"DefaultEndpointsProtocol=http;AccountName={account};AccountKey={Key};" +
        $"BlobEndpoint=http://127.0.0.1:{ports[0]}/{account};QueueEndpoint=http://127.0.0.1:{ports[1]}/{account};" +
        $"TableEndpoint=http://127.0.0.1:{ports[2]}/{account};";

    public async Task StartAsync()
    {
        await DisposeAsync();
        var script = Repository.PathOf("infra/local/emulator/start.mjs");
        Assert.True(Directory.Exists(Repository.PathOf("infra/local/emulator/node_modules")), "The storage emulator is not installed: run ./topics up once.");
        program = RunningProgram.Start(
            [
                "node", script, "--silent", "--disableTelemetry", "--skipApiVersionCheck",
                .. folder is null ? ["--inMemoryPersistence", "--extentMemoryLimit", "1024"] : new[] { "--location", folder },
                "--blobPort", $"{Ports[0]}", "--queuePort", $"{Ports[1]}", "--tablePort", $"{Ports[2]}",
            ],
            accounts is null
                ? null
                : new Dictionary<string, string> { ["AZURITE_ACCOUNTS"] = string.Join(';', accounts.Select(account => $"{account}:{Key}")) });
        Ports = [await PortAsync(program), await PortAsync(program), await PortAsync(program)];
    }

    public async ValueTask DisposeAsync()
    {
        if (program is not null)
        {
            await program.DisposeAsync();
        }
    }

    /// <summary>The next port that it says it listens on; it starts blobs, queues and tables in this order.</summary>
    private static async Task<int> PortAsync(RunningProgram program)
    {
        var line = await program.LineAsync(Listening);
        return int.Parse(line.AsSpan(line.IndexOf(Listening, StringComparison.Ordinal) + Listening.Length), NumberStyles.None, CultureInfo.InvariantCulture);
    }
}

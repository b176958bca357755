using System.Net;
using System.Net.Sockets;

namespace Serverless.FaultTests.Programs;

/// <summary>The storage emulator on ports and in a folder of its own; it can be killed, and started again on the same data.</summary>
internal sealed class StorageEmulator(string folder) : IAsyncDisposable
{
    // The emulator's one account and its key are public: they are the same on every machine.
    private const string Account =
        "DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

    private RunningProgram? program;

    /// <summary>Of blobs, queues and tables.</summary>
    public IReadOnlyList<int> Ports { get; } = FreePorts.Take(3);

    public string ConnectionString => At(Ports);

    public RunningProgram Program => program!;

    /// <summary>The connection string of whoever reaches the emulator through these ports.</summary>
    public static string At(IReadOnlyList<int> ports) =>
        $"{Account};BlobEndpoint=http://127.0.0.1:{ports[0]}/devstoreaccount1;QueueEndpoint=http://127.0.0.1:{ports[1]}/devstoreaccount1;TableEndpoint=http://127.0.0.1:{ports[2]}/devstoreaccount1;";

    public async Task StartAsync()
    {
        await DisposeAsync();
        program = RunningProgram.Start(
            [
                "node", Repository.Emulator, "--silent", "--disableTelemetry", "--skipApiVersionCheck", "--location", folder,
                "--blobPort", $"{Ports[0]}", "--queuePort", $"{Ports[1]}", "--tablePort", $"{Ports[2]}",
            ],
            new Dictionary<string, string>());
        foreach (var port in Ports)
        {
            await Eventually.TrueAsync(() => ListensAsync(port), "the storage emulator");
            Assert.False(program.HasExited, program.Output);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (program is not null)
        {
            await program.DisposeAsync();
        }
    }

    private static async Task<bool> ListensAsync(int port)
    {
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(IPAddress.Loopback, port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}

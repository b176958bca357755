using System.Net.Sockets;

namespace Serverless.Local.Processes;

/// <summary>Azurite, the storage emulator for blobs, queues and tables.</summary>
internal static class Emulator
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(60);

    public static async Task<ChildProcess> StartAsync(LocalFolder folder, Endpoints endpoints, CancellationToken cancellationToken)
    {
        var script = Path.Combine(LocalFolder.Repository, "infra/local/emulator/start.mjs");
        string[] command =
        [
            "node", script, "--silent", "--disableTelemetry", "--skipApiVersionCheck", "--location", folder.Emulator,
            "--blobPort", $"{endpoints.Blobs}", "--queuePort", $"{endpoints.Queues}", "--tablePort", $"{endpoints.Tables}",
        ];
        var emulator = ChildProcess.Start("storage emulator", command, new Dictionary<string, string>(), folder.LogFile("emulator"));
        try
        {
            foreach (var port in new[] { endpoints.Blobs, endpoints.Queues, endpoints.Tables })
            {
                await WaitForPortAsync(emulator, port, folder, cancellationToken);
            }

            return emulator;
        }
        catch
        {
            await emulator.DisposeAsync();
            throw;
        }
    }

    private static async Task WaitForPortAsync(ChildProcess emulator, int port, LocalFolder folder, CancellationToken cancellationToken)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (true)
        {
            try
            {
                using var client = new TcpClient();
                await client.ConnectAsync("127.0.0.1", port, cancellationToken);
                return;
            }
            catch (SocketException) when (!emulator.HasExited && TimeProvider.System.GetElapsedTime(started) < Timeout)
            {
                await Task.Delay(50, cancellationToken);
            }
            catch (SocketException)
            {
                throw new LocalSystemException($"The storage emulator did not start: see {folder.LogFile("emulator")}.");
            }
        }
    }
}

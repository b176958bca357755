using System.Globalization;

namespace Serverless.Benchmarks.Serving;

/// <summary>Samples the anonymous memory of a process, which excludes what it shares with the page cache.</summary>
internal sealed class ProcessMemory : IAsyncDisposable
{
    private readonly CancellationTokenSource stopping = new();
    private readonly Task watching;
    private long peak;

    public ProcessMemory(int process) => watching = Task.Run(() => WatchAsync($"/proc/{process}/status"));

    /// <summary>The maximum of the anonymous memory (RssAnon) since the last call, in bytes.</summary>
    public long TakePeak() => Interlocked.Exchange(ref peak, 0);

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await watching;
        stopping.Dispose();
    }

    private async Task WatchAsync(string status)
    {
        while (!stopping.IsCancellationRequested && File.Exists(status))
        {
            var anonymous = Kilobytes(status, "RssAnon:") * 1024;
            if (anonymous > Interlocked.Read(ref peak))
            {
                Interlocked.Exchange(ref peak, anonymous);
            }

            await Task.Delay(10);
        }
    }

    private static long Kilobytes(string status, string field)
    {
        try
        {
            var line = File.ReadLines(status).FirstOrDefault(line => line.StartsWith(field, StringComparison.Ordinal));
            var number = line?[field.Length..].Split(default(char[]), StringSplitOptions.RemoveEmptyEntries)[0];
            return number is null ? 0 : long.Parse(number, CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return 0; // the process has just ended
        }
    }
}

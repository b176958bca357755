using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Serverless.Tests;

/// <summary>A program under test: a process of its own, stopped or killed by its id.</summary>
internal sealed class RunningProgram : IAsyncDisposable
{
    /// <summary>The exit code of a program that was killed: 128 and the signal's number.</summary>
    public const int Killed = 128 + 9;

    private const int SigInt = 2;
    private const int SigTerm = 15;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Process process;
    private readonly StringBuilder output = new();
    private readonly Task reading;

    private RunningProgram(Process process)
    {
        this.process = process;
        reading = Task.WhenAll(ReadAsync(process.StandardOutput), ReadAsync(process.StandardError));
    }

    public bool HasExited => process.HasExited;

    /// <summary>What it has written so far, to both streams.</summary>
    public string Output
    {
        get
        {
            lock (output)
            {
                return output.ToString();
            }
        }
    }

    public int Id => process.Id;

    /// <summary>Its id, and those of the processes that it and its children have started and that run.</summary>
    public IReadOnlyList<int> Tree => [process.Id, .. Descendants(process.Id)];

    /// <summary>Memory that it and its children hold, in MB.</summary>
    public double Megabytes => Tree.Sum(ResidentKilobytes) / 1024;

    /// <summary>Files and sockets that it and its children have open.</summary>
    public int Handles => Tree.Sum(id => Directory.EnumerateFileSystemEntries($"/proc/{id}/fd").Count());

    /// <param name="command">The program and its arguments.</param>
    /// <param name="environment">Added to that of the tests.</param>
    public static RunningProgram Start(IEnumerable<string> command, IReadOnlyDictionary<string, string> environment)
    {
        var start = new ProcessStartInfo(command.First(), command.Skip(1))
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (key, value) in environment)
        {
            start.Environment[key] = value;
        }

        return new RunningProgram(Process.Start(start)!);
    }

    /// <returns>The exit code, once all output is read.</returns>
    public async Task<int> WaitAsync()
    {
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        await reading;
        return process.ExitCode;
    }

    /// <summary>kill -9.</summary>
    public async Task KillAsync()
    {
        process.Kill();
        await process.WaitForExitAsync();
    }

    /// <summary>What a container's runtime does.</summary>
    /// <returns>The exit code.</returns>
    public Task<int> StopAsync() => EndAsync(SigTerm);

    /// <summary>What Ctrl-C does.</summary>
    /// <returns>The exit code.</returns>
    public Task<int> InterruptAsync() => EndAsync(SigInt);

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            await KillAsync();
        }

        await reading;
        process.Dispose();
    }

    private static IEnumerable<int> Descendants(int id) =>
        from thread in Directory.EnumerateDirectories($"/proc/{id}/task")
        from child in File.ReadAllText(Path.Combine(thread, "children")).Split(' ', StringSplitOptions.RemoveEmptyEntries)
        let childId = int.Parse(child, CultureInfo.InvariantCulture)
        from descendant in Descendants(childId).Prepend(childId)
        select descendant;

    private static double ResidentKilobytes(int id)
    {
        var line = File.ReadLines($"/proc/{id}/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
        return double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
    }

    private async Task<int> EndAsync(int signal)
    {
        if (!process.HasExited)
        {
            _ = Kill(process.Id, signal);
        }

        using var patience = new CancellationTokenSource(Patience);
        await process.WaitForExitAsync(patience.Token);
        await reading;
        return process.ExitCode;
    }

    private async Task ReadAsync(StreamReader from)
    {
        while (await from.ReadLineAsync() is { } line)
        {
            lock (output)
            {
                output.AppendLine(line);
            }
        }
    }

    [DllImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int processId, int signal);
}

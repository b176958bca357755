using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Serverless.Local.Processes;

/// <summary>
/// A program that was started here and does not outlive this one. It runs in a session of its own, so that Ctrl-C reaches
/// this program alone, which then stops the others in order; its output goes to a log file and, line by line, to a listener.
/// </summary>
internal sealed class ChildProcess : IAsyncDisposable
{
    private const int SigTerm = 15;
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(30);

    private readonly Process process;
    private readonly Lock writing = new();
    private readonly StreamWriter? log;
    private readonly Task output;

    private ChildProcess(string name, Process process, string? logFile, Action<string>? listener)
    {
        Name = name;
        this.process = process;
        log = logFile is null ? null : new StreamWriter(logFile, append: true) { AutoFlush = true };
        output = Task.WhenAll(CopyAsync(process.StandardOutput, listener), CopyAsync(process.StandardError, listener));
    }

    public string Name { get; }

    public int Id => process.Id;

    /// <param name="name">For people.</param>
    /// <param name="command">The program and its arguments.</param>
    /// <param name="environment">Added to this program's own environment.</param>
    /// <param name="logFile">Appended to; null for none.</param>
    /// <param name="listener">Gets each line of output.</param>
    public static ChildProcess Start(
        string name, IReadOnlyList<string> command, IReadOnlyDictionary<string, string> environment, string? logFile, Action<string>? listener = null)
    {
        // Standard input stays open and empty for as long as this program lives.
        var start = new ProcessStartInfo("setsid", command)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (key, value) in environment)
        {
            start.Environment[key] = value;
        }

        try
        {
            return new ChildProcess(name, StartOnItsOwnThread(start), logFile, listener);
        }
        catch (Win32Exception exception)
        {
            throw new LocalSystemException($"The {name} could not be started: {exception.Message} ({string.Join(' ', command)}).");
        }
    }

    /// <returns>The exit code, once the program has ended and its output is read.</returns>
    public async Task<int> WaitAsync(CancellationToken cancellationToken)
    {
        await process.WaitForExitAsync(cancellationToken);
        await output;
        return process.ExitCode;
    }

    public bool HasExited => process.HasExited;

    /// <summary>Asks the program to stop, and ends it if it does not.</summary>
    public async Task StopAsync()
    {
        if (!process.HasExited)
        {
            _ = SendSignal(process.Id, SigTerm);
            using var timeout = new CancellationTokenSource(StopTimeout);
            await process.WaitForExitAsync(timeout.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }

        await output;
    }

    /// <summary>kill -9.</summary>
    public void Kill()
    {
        if (!process.HasExited)
        {
            process.Kill();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await (log?.DisposeAsync() ?? ValueTask.CompletedTask);
        process.Dispose();
    }

    /// <remarks>
    /// A program started through <c>setpriv --pdeathsig</c> gets its signal when the thread that started it ends, so that must not be
    /// one of the thread pool.
    /// </remarks>
    private static Process StartOnItsOwnThread(ProcessStartInfo start)
    {
        using var started = new ManualResetEventSlim();
        Process? process = null;
        Exception? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                process = Process.Start(start)!;
            }
            catch (Win32Exception exception)
            {
                failure = exception;
            }

            started.Set();
            process?.WaitForExit();
        })
        { IsBackground = true };
        thread.Start();
        started.Wait();
        return failure is null ? process! : throw failure;
    }

    private async Task CopyAsync(StreamReader from, Action<string>? listener)
    {
        while (await from.ReadLineAsync() is { } line)
        {
            lock (writing)
            {
                log?.WriteLine(line);
                listener?.Invoke(line);
            }
        }
    }

    // .NET knows only SIGKILL.
    [DllImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SendSignal(int processId, int signal);
}

using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Serverless.Local.Processes;

/// <summary>
/// A child process that ends with this program. It runs in its own session, so that Ctrl-C reaches only this program, which then
/// stops its children in order. Its output is written to a log file and passed to a listener line by line.
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

    /// <param name="name">The name in messages.</param>
    /// <param name="command">The program and its arguments.</param>
    /// <param name="environment">Added to the environment of this program.</param>
    /// <param name="logFile">The output is appended to it; null for no log file.</param>
    /// <param name="listener">Receives each line of output.</param>
    public static ChildProcess Start(
        string name, IReadOnlyList<string> command, IReadOnlyDictionary<string, string> environment, string? logFile, Action<string>? listener = null)
    {
        // Standard input stays open and empty as long as this program runs.
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
            return new ChildProcess(name, StartOnDedicatedThread(start), logFile, listener);
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

    /// <summary>Sends SIGTERM, and kills the process tree if the process does not exit within the timeout.</summary>
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

    /// <summary>SIGKILL.</summary>
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
    /// The signal of <c>setpriv --pdeathsig</c> is sent when the thread that started the process ends, so this must not be a thread of
    /// the thread pool.
    /// </remarks>
    private static Process StartOnDedicatedThread(ProcessStartInfo start)
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

    // Process.Kill can only send SIGKILL.
    [DllImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SendSignal(int processId, int signal);
}

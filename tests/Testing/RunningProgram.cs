using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Threading.Channels;

namespace Serverless.Testing;

/// <summary>A program under test: a process of its own, stopped or killed by its id.</summary>
public sealed class RunningProgram : IAsyncDisposable
{
    /// <summary>The exit code of a program that was killed: 128 and the signal's number.</summary>
    public const int Killed = 128 + 9;

    private const int SigInt = 2;
    private const int SigTerm = 15;
    private const int SigContinue = 18;
    private const int SigStop = 19;
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(60);

    private readonly Process process;
    private readonly Lock gate = new();
    private readonly StringBuilder output = new();
    private readonly StringBuilder standardOutput = new();
    private readonly StringBuilder standardError = new();
    private readonly Channel<string> lines = Channel.CreateUnbounded<string>();
    private readonly Task reading;

    private RunningProgram(Process process)
    {
        this.process = process;
        reading = ReadAllAsync();
    }

    public int Id => process.Id;

    public bool HasExited => process.HasExited;

    /// <summary>The lines that it has written so far to both streams.</summary>
    public string Output => Snapshot(output);

    public string StandardOutput => Snapshot(standardOutput);

    public string StandardError => Snapshot(standardError);

    /// <summary>Its id, and those of the running processes that it and its children have started.</summary>
    public IReadOnlyList<int> Tree => [process.Id, .. Descendants(process.Id)];

    /// <summary>Memory that it and its children hold, in MB.</summary>
    public double Megabytes => Tree.Sum(ResidentKilobytes) / 1024;

    /// <summary>Files and sockets that it and its children have open.</summary>
    public int Handles => Tree.Sum(id => Directory.EnumerateFileSystemEntries($"/proc/{id}/fd").Count());

    /// <param name="command">The program and its arguments.</param>
    /// <param name="environment">Added to that of the tests.</param>
    /// <param name="folder">Its working directory; that of the tests unless given.</param>
    public static RunningProgram Start(IEnumerable<string> command, IReadOnlyDictionary<string, string>? environment = null, string? folder = null)
    {
        var start = new ProcessStartInfo(command.First(), command.Skip(1))
        {
            WorkingDirectory = folder ?? "",
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        return new RunningProgram(Process.Start(start)!);
    }

    /// <summary>Runs a program to its end.</summary>
    /// <param name="program">Its file, or its name on the PATH.</param>
    /// <param name="arguments">Of its command line.</param>
    /// <param name="cancellationToken">Kills it.</param>
    /// <param name="folder">Its working directory; the root of the repository unless given.</param>
    /// <param name="environment">Added to that of the tests.</param>
    /// <param name="input">Its standard input.</param>
    public static async Task<ProgramResult> RunToEndAsync(
        string program,
        IEnumerable<string> arguments,
        CancellationToken cancellationToken,
        string? folder = null,
        IReadOnlyDictionary<string, string>? environment = null,
        string input = "")
    {
        await using var running = Start([program, .. arguments], environment, folder ?? Repository.Root);
        await running.WriteInputAsync(input);
        try
        {
            var exitCode = await running.ExitCodeAsync(cancellationToken);
            return new ProgramResult(exitCode, running.StandardOutput, running.StandardError);
        }
        catch (OperationCanceledException)
        {
            running.process.Kill(entireProcessTree: true);
            throw;
        }
    }

    /// <summary>Writes to its standard input and closes it. Otherwise that stays open and empty.</summary>
    public async Task WriteInputAsync(string text)
    {
        await process.StandardInput.WriteAsync(text);
        process.StandardInput.Close();
    }

    /// <summary>Waits for a line that contains a text, after the lines that an earlier call has read.</summary>
    /// <returns>The line.</returns>
    public async Task<string> LineAsync(string text)
    {
        await foreach (var line in lines.Reader.ReadAllAsync(TestContext.Current.CancellationToken))
        {
            if (line.Contains(text, StringComparison.Ordinal))
            {
                return line;
            }
        }

        throw new InvalidOperationException($"The program ended without a line '{text}':\n{Output}");
    }

    /// <returns>The exit code, once all output is read.</returns>
    public Task<int> WaitAsync() => ExitCodeAsync(TestContext.Current.CancellationToken);

    /// <summary>Waits for the end and checks the exit code.</summary>
    /// <returns>What it wrote.</returns>
    public async Task<string> EndAsync(int exitCode = 0)
    {
        var actual = await WaitAsync();
        Assert.True(actual == exitCode, $"exit code {actual}\n{Output}");
        return Output;
    }

    /// <summary>SIGKILL.</summary>
    public async Task KillAsync()
    {
        process.Kill();
        await process.WaitForExitAsync();
        await reading;
    }

    /// <summary>Kills it while a file exists that it creates and renames within a moment.</summary>
    public async Task KillWhileAsync(string file)
    {
        while (true)
        {
            while (!File.Exists(file) && !process.HasExited)
            {
                Thread.Yield();
            }

            Signal(SigStop); // so that the file is still there when it is killed
            Assert.False(process.HasExited, $"The program ended before it was seen to write {file}:\n{Output}");
            if (File.Exists(file))
            {
                await KillAsync();
                Assert.True(File.Exists(file));
                return;
            }

            Signal(SigContinue);
        }
    }

    /// <summary>SIGTERM, without waiting for the end.</summary>
    public void Terminate() => Signal(SigTerm);

    /// <summary>SIGTERM, as a container runtime stops a program.</summary>
    /// <returns>The exit code.</returns>
    public Task<int> StopAsync() => EndAsync(SigTerm, StopTimeout);

    /// <summary>SIGINT, as Ctrl-C stops a program.</summary>
    /// <returns>The exit code.</returns>
    public Task<int> InterruptAsync() => EndAsync(SigInt, StopTimeout);

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            await KillAsync();
        }

        await reading;
        process.Dispose();
    }

    private async Task<int> EndAsync(int signal, TimeSpan timeout)
    {
        if (!process.HasExited)
        {
            Signal(signal);
        }

        using var source = new CancellationTokenSource(timeout);
        return await ExitCodeAsync(source.Token);
    }

    private async Task<int> ExitCodeAsync(CancellationToken cancellationToken)
    {
        await process.WaitForExitAsync(cancellationToken);
        await reading;
        return process.ExitCode;
    }

    private async Task ReadAllAsync()
    {
        await Task.WhenAll(ReadAsync(process.StandardOutput, standardOutput), ReadAsync(process.StandardError, standardError));
        lines.Writer.Complete();
    }

    private async Task ReadAsync(StreamReader reader, StringBuilder text)
    {
        var buffer = new char[4096];
        var line = new StringBuilder();
        while (await reader.ReadAsync(buffer) is > 0 and var count)
        {
            lock (gate)
            {
                text.Append(buffer, 0, count);
                foreach (var character in buffer.AsSpan(0, count))
                {
                    if (character == '\n')
                    {
                        Complete(line);
                    }
                    else
                    {
                        line.Append(character);
                    }
                }
            }
        }

        lock (gate)
        {
            if (line.Length > 0)
            {
                Complete(line);
            }
        }
    }

    private void Complete(StringBuilder line)
    {
        output.Append(line).Append('\n');
        lines.Writer.TryWrite(line.ToString());
        line.Clear();
    }

    private string Snapshot(StringBuilder text)
    {
        lock (gate)
        {
            return text.ToString();
        }
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

    private void Signal(int signal) => _ = Kill(process.Id, signal);

    [DllImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int processId, int signal);
}

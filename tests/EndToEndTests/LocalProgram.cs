using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;

namespace Serverless.EndToEndTests;

/// <summary>The real program <c>Serverless.Local</c> as a process, stopped by its id.</summary>
internal sealed class LocalProgram : IAsyncDisposable
{
    private const int SigInt = 2;

    private readonly Process process;
    private readonly StringBuilder output = new();
    private readonly Task reading;

    private LocalProgram(Process process)
    {
        this.process = process;
        reading = Task.WhenAll(ReadAsync(process.StandardOutput), ReadAsync(process.StandardError));
    }

    public bool HasExited => process.HasExited;

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

    public static LocalProgram Start(IReadOnlyDictionary<string, string> environment, params IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo("dotnet", [Repository.LocalSystem, .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (key, value) in environment)
        {
            start.Environment[key] = value;
        }

        return new LocalProgram(Process.Start(start)!);
    }

    /// <summary>Runs the program to its end.</summary>
    public static async Task<(int ExitCode, string Output)> RunAsync(params IEnumerable<string> arguments)
    {
        await using var program = Start(new Dictionary<string, string>(), arguments);
        return (await program.WaitAsync(), program.Output);
    }

    public async Task<int> WaitAsync()
    {
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        await reading;
        return process.ExitCode;
    }

    /// <summary>What Ctrl-C does.</summary>
    public async Task<int> InterruptAsync()
    {
        _ = Kill(process.Id, SigInt);
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        await process.WaitForExitAsync(patience.Token);
        await reading;
        return process.ExitCode;
    }

    /// <summary>Ends the program without a chance to tidy up.</summary>
    public async Task CrashAsync()
    {
        process.Kill();
        await process.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            await InterruptAsync();
        }

        process.Dispose();
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

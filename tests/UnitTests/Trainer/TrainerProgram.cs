using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;

namespace Serverless.UnitTests.Trainer;

/// <summary>The real trainer as a process of its own, watched by what it writes and stopped by its id.</summary>
internal sealed class TrainerProgram : IAsyncDisposable
{
    private const int SigTerm = 15;
    private const int SigStop = 19;
    private const int SigContinue = 18;

    private readonly Process process;
    private readonly StringBuilder output = new();

    private TrainerProgram(Process process) => this.process = process;

    /// <summary>What it wrote so far, as far as it was read.</summary>
    public string Output => output.ToString();

    /// <param name="arguments">Of its command line.</param>
    /// <param name="memory">The most that it may allocate, in KB; null for no limit.</param>
    /// <param name="settings">Its environment variables.</param>
    public static TrainerProgram Start(IEnumerable<string> arguments, int? memory = null, params IEnumerable<(string Name, string Value)> settings)
    {
        string[] command = ["dotnet", Path.Combine(AppContext.BaseDirectory, "trainer.dll"), .. arguments];
        var start = memory is null
            ? new ProcessStartInfo(command[0], command[1..])
            : new ProcessStartInfo("bash", ["-c", $"ulimit -d {memory} && exec \"$@\"", "bash", .. command]);
        start.RedirectStandardError = true;
        foreach (var (name, value) in settings.Prepend(("Classifier__TorchThreads", "1")))
        {
            start.Environment[name] = value;
        }

        return new TrainerProgram(Process.Start(start)!);
    }

    public static async Task<string> RunAsync(IEnumerable<string> arguments, int? memory = null)
    {
        await using var program = Start(arguments, memory);
        return await program.EndAsync();
    }

    /// <summary>Reads until a line contains a text.</summary>
    public async Task LineAsync(string text)
    {
        while (await process.StandardError.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
        {
            output.AppendLine(line);
            if (line.Contains(text, StringComparison.Ordinal))
            {
                return;
            }
        }

        Assert.Fail($"The trainer ended without a line '{text}':\n{Output}");
    }

    /// <summary>Kills it while a file exists that it makes and renames within a moment.</summary>
    public async Task KillWhileAsync(string file)
    {
        while (true)
        {
            while (!File.Exists(file) && !process.HasExited)
            {
                Thread.Yield();
            }

            Signal(SigStop); // so that what is seen now is what the kill finds
            Assert.False(process.HasExited, $"The trainer ended before it was seen to write {file}:\n{Output}");
            if (File.Exists(file))
            {
                await KillAsync();
                Assert.True(File.Exists(file));
                return;
            }

            Signal(SigContinue);
        }
    }

    /// <summary>SIGKILL: it has no chance to tidy up.</summary>
    public async Task KillAsync()
    {
        process.Kill();
        output.Append(await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken));
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>SIGTERM.</summary>
    public void Terminate() => Signal(SigTerm);

    /// <summary>Waits for its end, which must be a good one.</summary>
    /// <param name="exitCode">What it must end with.</param>
    public async Task<string> EndAsync(int exitCode = 0)
    {
        output.Append(await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken));
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(process.ExitCode == exitCode, $"exit code {process.ExitCode}\n{Output}");
        return Output;
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            process.Kill();
            await process.WaitForExitAsync();
        }

        process.Dispose();
    }

    private void Signal(int signal) => _ = Kill(process.Id, signal);

    [DllImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int processId, int signal);
}

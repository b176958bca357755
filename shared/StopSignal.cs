using System.Runtime.InteropServices;

namespace Serverless;

/// <summary>
/// Ctrl-C and SIGTERM as a token: the first one cancels, and those that follow change nothing, for <c>timeout</c> and container
/// runtimes send more than one. A program that has not ended after a grace period is ended.
/// </summary>
public sealed class StopSignal : IDisposable
{
    private readonly CancellationTokenSource source = new();
    private readonly PosixSignalRegistration[] registrations;
    private readonly Timer forcedExit;
    private readonly TimeSpan shutdownTimeout;

    /// <param name="shutdownTimeout">How long the program may take to end in order.</param>
    /// <param name="exitCode">Of a program that took longer.</param>
    public StopSignal(TimeSpan shutdownTimeout, int exitCode)
    {
        this.shutdownTimeout = shutdownTimeout;
        forcedExit = new Timer(_ => Environment.Exit(exitCode));
        registrations = [PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop), PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop)];
    }

    public CancellationToken Token => source.Token;

    public void Dispose()
    {
        foreach (var registration in registrations)
        {
            registration.Dispose();
        }

        forcedExit.Dispose();
        source.Dispose();
    }

    private void Stop(PosixSignalContext signal)
    {
        signal.Cancel = true; // the runtime does not end the process
        if (!source.IsCancellationRequested)
        {
            forcedExit.Change(shutdownTimeout, Timeout.InfiniteTimeSpan);
            source.Cancel();
        }
    }
}

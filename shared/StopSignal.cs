using System.Runtime.InteropServices;

namespace Serverless;

/// <summary>
/// Cancels a token on Ctrl-C (SIGINT) and SIGTERM. Further signals have no effect, since <c>timeout</c> and container runtimes send more than
/// one. A process that has not exited within the shutdown timeout is terminated.
/// </summary>
public sealed class StopSignal : IDisposable
{
    private readonly CancellationTokenSource source = new();
    private readonly PosixSignalRegistration[] registrations;
    private readonly Timer forcedExit;
    private readonly TimeSpan shutdownTimeout;

    /// <param name="shutdownTimeout">Time from the first signal until the process is terminated.</param>
    /// <param name="exitCode">Exit code of a process that is terminated.</param>
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
        signal.Cancel = true; // prevents the default, which ends the process at once
        if (!source.IsCancellationRequested)
        {
            forcedExit.Change(shutdownTimeout, Timeout.InfiniteTimeSpan);
            source.Cancel();
        }
    }
}

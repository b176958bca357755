using Microsoft.Extensions.Hosting;

namespace Serverless.Local.Hosting;

/// <summary>
/// Leaves signals to the program's <see cref="Serving.StopSignal"/>: the web host's own handling of them breaks off a start midway,
/// and tells so with a stack trace.
/// </summary>
internal sealed class SilentLifetime : IHostLifetime
{
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}

using Microsoft.Extensions.Hosting;

namespace Serverless.Local.Hosting;

/// <summary>Leaves signals to the program's <see cref="StopSignal"/>: the default lifetime aborts a start that runs, with a stack trace.</summary>
internal sealed class NoopHostLifetime : IHostLifetime
{
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}

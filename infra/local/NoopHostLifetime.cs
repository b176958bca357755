using Microsoft.Extensions.Hosting;

namespace Serverless.Local;

/// <summary>Ignores signals, which <see cref="StopSignal"/> handles. The default lifetime would abort a start with a stack trace.</summary>
internal sealed class NoopHostLifetime : IHostLifetime
{
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}

using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Serverless.Models;
using Serverless.Storage;

namespace Serverless.Functions;

/// <summary>Publishes the starter model in an account without one, so that the default classifier has a version from the start.</summary>
/// <remarks>The setting <c>Starter__Publish</c> turns it on. It never replaces a version that was published.</remarks>
internal sealed class StarterService(StarterModel starter, TimeProvider time, ILogger<StarterService> log) : BackgroundService
{
    // Role assignments take minutes to take effect after a deployment.
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(30);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await starter.EnsureAsync(StarterModel.Folder, stoppingToken);
                return;
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception)
            {
                // Another replica may be publishing it at the same time.
                log.LogWarning("The starter model could not be published; next attempt in 30 s: {Reason}", StorageErrors.Describe(exception));
            }

            await Task.Delay(RetryAfter, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}

using Microsoft.Extensions.Hosting;

namespace Serverless.Serving;

/// <summary>Background service that polls for newly published versions. If the settings say so, it first loads the default classifier.</summary>
internal sealed class ModelRefreshService(ArticleClassifier classifier, ClassifierOptions options, TimeProvider time) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (options.LoadAtStart)
        {
            await classifier.LoadDefaultAsync(stoppingToken);
        }

        using var timer = new PeriodicTimer(options.PollInterval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            await classifier.RefreshAsync(stoppingToken);
        }
    }
}

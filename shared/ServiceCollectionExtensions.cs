using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Serverless.Articles;
using Serverless.Models;
using Serverless.Reviews;
using Serverless.Serving;
using Serverless.Storage;
using Serverless.Training;

namespace Serverless;

/// <summary>The one composition of the classifier, for every host.</summary>
public static class ServiceCollectionExtensions
{
    /// <summary>
    /// Adds <see cref="ArticleClassifier"/>, <see cref="ArticleProcessor"/> and the storage that they use. Nothing is loaded or
    /// connected to before the first article, unless <see cref="ClassifierOptions.LoadAtStart"/> says so.
    /// </summary>
    /// <exception cref="InvalidOperationException">A setting cannot be used; names it.</exception>
    public static IServiceCollection AddArticleClassifier(this IServiceCollection services, IConfiguration configuration)
    {
        var options = ClassifierOptions.Read(configuration);
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(options);
        services.AddSingleton(new StorageClients(configuration));
        services.AddSingleton(provider => new ModelRegistry(
            provider.GetRequiredService<StorageClients>(), options.CacheFolder, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<ArticleBlobStore>();
        services.AddSingleton<ArticleSender>();
        services.AddSingleton<ResultStore>();
        services.AddSingleton<TrainingRuns>();
        services.AddSingleton<TrainingRequests>();
        services.AddSingleton<DatasetStore>();
        services.AddSingleton<ModelCatalog>();
        services.AddSingleton<ReviewStore>();
        services.AddSingleton<ReviewExport>();
        services.AddSingleton<StarterModel>();
        services.AddSingleton<ArticleClassifier>();
        services.AddSingleton<ArticleMessageReader>();
        services.AddSingleton<ArticleProcessor>();
        services.AddHostedService<ModelRefreshService>();
        return services;
    }
}

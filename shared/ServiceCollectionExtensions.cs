using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Serverless;
using Serverless.Articles;
using Serverless.Models;
using Serverless.Reviews;
using Serverless.Serving;
using Serverless.Storage;
using Serverless.Training;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Dependency injection of the classifier, for every host.</summary>
public static class ServiceCollectionExtensions
{
    /// <summary>
    /// Adds <see cref="ArticleClassifier"/>, <see cref="ArticleProcessor"/> and the storage that they use. Nothing is loaded, and no
    /// connection made, before the first article, unless <see cref="ClassifierOptions.LoadAtStart"/> is set.
    /// </summary>
    /// <remarks>A host with a setting that is not valid does not start: it throws <see cref="OptionsValidationException"/>, which names the setting.</remarks>
    /// <exception cref="UserException">The storage connection is not configured.</exception>
    public static IServiceCollection AddArticleClassifier(this IServiceCollection services, IConfiguration configuration)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddClassifierOptions(configuration);
        services.AddSingleton(new StorageClients(configuration));
        services.AddSingleton(provider => new ModelRegistry(
            provider.GetRequiredService<StorageClients>(),
            provider.GetRequiredService<TrainingRuns>(),
            provider.GetRequiredService<ClassifierOptions>().CacheFolder,
            provider.GetRequiredService<TimeProvider>(),
            provider.GetService<ILogger<ModelRegistry>>()));
        services.AddSingleton<ArticleBlobStore>();
        services.AddSingleton<ArticleSender>();
        services.AddSingleton<ResultStore>();
        services.AddSingleton<ResultWriter>();
        services.AddSingleton<TrainingRuns>();
        services.AddSingleton<TrainingRequests>();
        services.AddSingleton<DatasetStore>();
        services.AddSingleton<DatasetUploads>();
        services.AddSingleton<ModelCatalog>();
        services.AddSingleton<ReviewStore>();
        services.AddSingleton<ReviewExport>();
        services.AddSingleton<StarterModel>();
        services.AddSingleton<ArticleClassifier>();
        services.AddSingleton<ModelPromotion>();
        services.AddSingleton<ArticleMessageReader>();
        services.AddSingleton<ArticleReviews>();
        services.AddSingleton<ArticleDeferral>();
        services.AddSingleton<FailedArticleStore>();
        services.AddSingleton<ArticleFailures>();
        services.AddSingleton<ArticleProcessor>();
        services.AddHostedService<ModelRefreshService>();
        return services;
    }

    /// <summary>Adds <see cref="ClassifierOptions"/>, bound to its section and validated.</summary>
    public static IServiceCollection AddClassifierOptions(this IServiceCollection services, IConfiguration configuration)
    {
        var section = configuration.GetSection(ClassifierOptions.SectionName);
        services.AddSingleton<IValidateOptions<ClassifierOptions>, ClassifierOptionsValidator>();
        services.AddOptions<ClassifierOptions>()
            .Configure(_ => ClassifierOptionsValidator.RequirePrecision(section))
            .Bind(section)
            .ValidateOnStart();
        services.AddSingleton(provider => provider.GetRequiredService<IOptions<ClassifierOptions>>().Value);
        return services;
    }
}

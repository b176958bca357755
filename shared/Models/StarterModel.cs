using Microsoft.Extensions.Logging;

namespace Serverless.Models;

/// <summary>
/// The starter model that travels beside every program (<c>Starter/base</c> and <c>Starter/adapters/{classifier}</c>): put into an
/// empty storage account, so that the first article is classified before any training.
/// </summary>
public sealed class StarterModel(ModelRegistry registry, ILogger<StarterModel> log)
{
    public const string BaseModel = "serverless/starter";
    public const string Version = "starter";

    /// <summary>Where the build puts the starter files.</summary>
    public static string Folder { get; } = Path.Combine(AppContext.BaseDirectory, "Starter");

    /// <summary>Uploads and publishes what is missing. What serves already is left alone; a start that broke off is completed.</summary>
    public async Task EnsureAsync(string folder, CancellationToken cancellationToken)
    {
        await registry.UploadBaseAsync(BaseModel, Path.Combine(folder, "base"), cancellationToken);
        foreach (var adapter in Directory.EnumerateDirectories(Path.Combine(folder, "adapters")).Order(StringComparer.Ordinal))
        {
            var classifier = Path.GetFileName(adapter);
            var serving = await registry.ReadPointerAsync(classifier, null, cancellationToken);
            if (serving.ETag is not null)
            {
                continue;
            }

            var versions = await registry.ListVersionsAsync(classifier, cancellationToken);
            if (versions.All(version => version.Version != Version))
            {
                await registry.UploadVersionAsync(classifier, Version, adapter, BaseModel, dataset: null, datasetETag: null, cancellationToken);
            }

            await registry.PublishAsync(classifier, Version, expected: null, cancellationToken);
            log.LogInformation("Published the starter version of the classifier {Classifier}", classifier);
        }
    }
}

using Microsoft.Extensions.Logging;

namespace Serverless.Models;

/// <summary>The starter model that every program contains (<c>Starter/base</c> and <c>Starter/adapters/{classifier}</c>).</summary>
/// <remarks>It is published in an empty storage account, so that the first article can be classified before any training.</remarks>
public sealed class StarterModel(ModelRegistry registry, ILogger<StarterModel> log)
{
    public const string BaseModel = "serverless/starter";
    public const string Version = "starter";

    /// <summary>Where the build puts the starter files.</summary>
    public static string Folder { get; } = Path.Combine(AppContext.BaseDirectory, "Starter");

    /// <summary>Uploads and publishes what is missing. Completes a start that did not finish, and never replaces a published version.</summary>
    public async Task EnsureAsync(string folder, CancellationToken cancellationToken)
    {
        await registry.Bases.UploadAsync(BaseModel, Path.Combine(folder, "base"), cancellationToken);
        foreach (var adapter in Directory.EnumerateDirectories(Path.Combine(folder, "adapters")).Order(StringComparer.Ordinal))
        {
            await EnsurePublishedAsync(Path.GetFileName(adapter), adapter, folder, cancellationToken);
        }
    }

    private async Task EnsurePublishedAsync(string classifier, string adapter, string folder, CancellationToken cancellationToken)
    {
        var pointer = await registry.Pointers.ReadAsync(classifier, null, cancellationToken);
        if (pointer.ETag is not null)
        {
            return;
        }

        var versions = await registry.Versions.ListAsync(classifier, cancellationToken);
        if (versions.All(version => version.Version != Version))
        {
            // The files that the adapter was trained on: an earlier starter may be in storage.
            var baseModel = await LocalBase.ReadAsync(BaseModel, Path.Combine(folder, "base"), cancellationToken);
            await registry.Versions.UploadAsync(classifier, Version, adapter, baseModel, dataset: null, datasetETag: null, cancellationToken);
        }

        await registry.Pointers.PublishAsync(classifier, Version, expected: null, cancellationToken);
        log.LogInformation("Published the starter version of the classifier {Classifier}", classifier);
    }
}

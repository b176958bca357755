using Serverless.Models;

namespace Serverless.Serving;

/// <summary>Loads versions from storage into memory. The base model is loaded once, by the first version; a load that fails is repeated by the next.</summary>
internal sealed class ModelLoader(ModelRegistry registry, string baseModel, PrecisionSelector precision) : IDisposable
{
    private readonly SemaphoreSlim baseLock = new(1);
    private volatile BaseModel? loadedBase;

    public bool HasBase => loadedBase is not null;

    /// <param name="classifier">The classifier's name.</param>
    /// <param name="version">One of its versions.</param>
    /// <param name="manifestSha256">The expected hash of its manifest; null to skip the check.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="InvalidDataException">The version, or the base, cannot be used; says why.</exception>
    public async Task<LoadedModel> LoadAsync(string classifier, string version, string? manifestSha256, CancellationToken cancellationToken)
    {
        var local = await registry.Versions.DownloadAsync(classifier, version, manifestSha256, cancellationToken);
        if (local.Manifest.BaseModel != baseModel)
        {
            throw new InvalidDataException(
                $"Version '{version}' of '{classifier}' was trained on the base '{local.Manifest.BaseModel}', " +
                $"and this process serves '{baseModel}' (setting Classifier__Base).");
        }

        return (await BaseAsync(cancellationToken)).Load(local);
    }

    /// <exception cref="InvalidDataException">The base cannot be used; says why.</exception>
    public async Task<BaseModel> BaseAsync(CancellationToken cancellationToken)
    {
        await baseLock.WaitAsync(cancellationToken);
        try
        {
            return loadedBase ??= await BaseModel.OpenAsync(await registry.Bases.DownloadAsync(baseModel, cancellationToken), precision);
        }
        finally
        {
            baseLock.Release();
        }
    }

    public void Dispose()
    {
        loadedBase?.Dispose();
        baseLock.Dispose();
    }
}

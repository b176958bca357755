using Serverless.Storage;

namespace Serverless.Serving;

/// <summary>Brings versions from storage into memory. The base is loaded once, by the first that needs it; a failed load is forgotten.</summary>
internal sealed class ModelLoader(ModelRegistry registry, string baseModel, PrecisionChoice precision) : IDisposable
{
    private readonly SemaphoreSlim one = new(1);
    private BaseModel? loaded;

    /// <exception cref="InvalidDataException">The version, or the base, cannot be used; says why.</exception>
    public async Task<ServedModel> LoadAsync(string classifier, ModelPointer pointer, CancellationToken cancellationToken)
    {
        var version = await registry.DownloadVersionAsync(classifier, pointer.Version, pointer.ManifestSha256, cancellationToken);
        if (version.Manifest.BaseModel != baseModel)
        {
            throw new InvalidDataException(
                $"Version '{version.Version}' of '{classifier}' was trained on the base '{version.Manifest.BaseModel}', and this process serves '{baseModel}' (setting Classifier__Base).");
        }

        return (await BaseAsync(cancellationToken)).Load(version);
    }

    public void Dispose()
    {
        loaded?.Dispose();
        one.Dispose();
    }

    private async Task<BaseModel> BaseAsync(CancellationToken cancellationToken)
    {
        await one.WaitAsync(cancellationToken);
        try
        {
            return loaded ??= BaseModel.Open(await registry.DownloadBaseAsync(baseModel, cancellationToken), precision);
        }
        finally
        {
            one.Release();
        }
    }
}


using Serverless.Models;

namespace Serverless.Serving;

/// <summary>Brings versions from storage into memory. The base is loaded once, by the first that needs it; a failed load is forgotten.</summary>
internal sealed class ModelLoader(ModelRegistry registry, string baseModel, PrecisionSelector precision) : IDisposable
{
    private readonly SemaphoreSlim one = new(1);
    private volatile BaseModel? loaded;

    public bool HasBase => loaded is not null;

    /// <param name="classifier">The classifier's name.</param>
    /// <param name="version">One of its versions.</param>
    /// <param name="manifestSha256">What its manifest must hash to; null to take it as it is.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="InvalidDataException">The version, or the base, cannot be used; says why.</exception>
    public async Task<LoadedModel> LoadAsync(string classifier, string version, string? manifestSha256, CancellationToken cancellationToken)
    {
        var local = await registry.DownloadVersionAsync(classifier, version, manifestSha256, cancellationToken);
        if (local.Manifest.BaseModel != baseModel)
        {
            throw new InvalidDataException(
                $"Version '{version}' of '{classifier}' was trained on the base '{local.Manifest.BaseModel}', and this process serves '{baseModel}' (setting Classifier__Base).");
        }

        return (await BaseAsync(cancellationToken)).Load(local);
    }

    /// <exception cref="InvalidDataException">The base cannot be used; says why.</exception>
    public async Task<BaseModel> BaseAsync(CancellationToken cancellationToken)
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

    public void Dispose()
    {
        loaded?.Dispose();
        one.Dispose();
    }
}

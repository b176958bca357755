using Serverless.Models;

namespace Serverless.Serving;

/// <summary>Loads versions from storage into memory. The base model is loaded once, by the first version; a load that fails is repeated by the next.</summary>
internal sealed class ModelLoader(ModelRegistry registry, string baseModel, PrecisionSelector precision) : IDisposable
{
    private readonly SemaphoreSlim baseLock = new(1);
    private volatile LoadedBase? loadedBase;

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

        var loaded = await LoadBaseAsync(cancellationToken);
        loaded.Files.RequireBaseOf(local);
        return loaded.Model.Load(local);
    }

    /// <summary>Loads the base, unless it is loaded. It stays what it was then, even if its files in storage are replaced.</summary>
    /// <exception cref="InvalidDataException">The base cannot be used; says why.</exception>
    public async Task<LoadedBase> LoadBaseAsync(CancellationToken cancellationToken)
    {
        await baseLock.WaitAsync(cancellationToken);
        try
        {
            if (loadedBase is null)
            {
                var files = await registry.Bases.DownloadAsync(baseModel, cancellationToken);
                loadedBase = new LoadedBase(files, await BaseModel.OpenAsync(files.Folder, precision));
            }

            return loadedBase;
        }
        finally
        {
            baseLock.Release();
        }
    }

    public void Dispose()
    {
        loadedBase?.Model.Dispose();
        baseLock.Dispose();
    }

    /// <param name="Files">The files that it was loaded from.</param>
    /// <param name="Model">The weights and the tokenizer.</param>
    internal sealed record LoadedBase(LocalBase Files, BaseModel Model);
}

using Serverless.Models;

namespace Serverless.Serving;

/// <summary>Loads versions from storage into memory. The base model is loaded once, by the first version; a load that fails is repeated by the next.</summary>
internal sealed class ModelLoader(ModelRegistry registry, string baseModel, PrecisionSelector precision) : IDisposable
{
    private readonly SemaphoreSlim baseLock = new(1);
    private volatile LoadedBase? loadedBase;
    private bool isBaseUsed;

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

        return (await LoadBaseOfAsync(local, cancellationToken)).Model.Load(local);
    }

    /// <summary>Loads the base, unless it is loaded. It stays what it was once a version uses it, even if its files in storage are replaced.</summary>
    /// <exception cref="InvalidDataException">The base cannot be used; says why.</exception>
    public async Task LoadBaseAsync(CancellationToken cancellationToken)
    {
        await baseLock.WaitAsync(cancellationToken);
        try
        {
            await OpenBaseAsync(cancellationToken);
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

    /// <summary>Loads the base that a version was trained on. A base that no version uses yet is loaded anew after a mismatch: it may be restored.</summary>
    private async Task<LoadedBase> LoadBaseOfAsync(LocalVersion version, CancellationToken cancellationToken)
    {
        await baseLock.WaitAsync(cancellationToken);
        try
        {
            var opened = await OpenBaseAsync(cancellationToken);
            opened.Files.RequireBaseOf(version);
            isBaseUsed = true;
            return opened;
        }
        catch (InvalidDataException) when (!isBaseUsed)
        {
            loadedBase?.Model.Dispose();
            loadedBase = null;
            throw;
        }
        finally
        {
            baseLock.Release();
        }
    }

    private async Task<LoadedBase> OpenBaseAsync(CancellationToken cancellationToken)
    {
        if (loadedBase is null)
        {
            var files = await registry.Bases.DownloadAsync(baseModel, cancellationToken);
            loadedBase = new LoadedBase(files, await BaseModel.OpenAsync(files.Folder, precision));
        }

        return loadedBase;
    }

    /// <param name="Files">The files that it was loaded from.</param>
    /// <param name="Model">The weights and the tokenizer.</param>
    private sealed record LoadedBase(LocalBase Files, BaseModel Model);
}

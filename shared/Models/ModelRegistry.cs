using Serverless.Storage;
using Serverless.Training;

namespace Serverless.Models;

/// <summary>The container <c>models</c>: base models, the versions of each classifier, and the pointer to the one that serves.</summary>
/// <remarks>Downloads are kept in a local cache folder. They are verified, and never downloaded twice.</remarks>
public sealed class ModelRegistry
{
    public ModelRegistry(StorageClients storage, TrainingRuns runs, string cacheFolder, TimeProvider time)
    {
        Bases = new BaseModelStore(storage, cacheFolder, time);
        Versions = new ModelVersionStore(storage, cacheFolder, time);
        Pointers = new ModelPointerStore(storage, Versions, runs, time);
    }

    public BaseModelStore Bases { get; }

    public ModelVersionStore Versions { get; }

    public ModelPointerStore Pointers { get; }
}

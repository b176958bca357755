using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Serverless.Storage;
using Serverless.Training;

namespace Serverless.Models;

/// <summary>The container <c>models</c>: base models, the versions of each classifier, and the pointer to the one that serves.</summary>
/// <remarks>Downloads are kept in a local cache folder. Each process verifies them before their first use, and replaces what is damaged.</remarks>
public sealed class ModelRegistry
{
    public ModelRegistry(StorageClients storage, TrainingRuns runs, string cacheFolder, TimeProvider time, ILogger<ModelRegistry>? log = null)
    {
        var logger = log ?? NullLogger<ModelRegistry>.Instance;
        Bases = new BaseModelStore(storage, cacheFolder, time, logger);
        Versions = new ModelVersionStore(storage, cacheFolder, time, logger);
        Pointers = new ModelPointerStore(storage, Versions, runs, time);
    }

    public BaseModelStore Bases { get; }

    public ModelVersionStore Versions { get; }

    public ModelPointerStore Pointers { get; }
}

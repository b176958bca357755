namespace Serverless.Serving;

/// <summary>The state of one classifier in this process: its status and the version that serves. Thread-safe.</summary>
internal sealed class ClassifierState(string name)
{
    private readonly Lock gate = new();
    private readonly TaskCompletionSource failed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile LoadedModel? model;
    private volatile ClassifierStatus status = new(name, ModelState.Cold);

    public string Name { get; } = name;

    public ClassifierStatus Status => status;

    /// <summary>Completes when an attempt to load the first version has failed.</summary>
    public Task Failed => failed.Task;

    /// <summary>The version that serves; null before the first one. Only the inference thread and its workers compute with it.</summary>
    public LoadedModel? Model => model;

    /// <summary>Makes a version the one that serves. Called on the inference thread, so that no forward pass is running.</summary>
    /// <returns>The version that served before; null if there was none.</returns>
    public LoadedModel? Swap(LoadedModel next)
    {
        var previous = model;
        model = next;
        Update(_ => new ClassifierStatus(Name, ModelState.Ready, next.Version));
        return previous;
    }

    public void Update(Func<ClassifierStatus, ClassifierStatus> change)
    {
        lock (gate)
        {
            status = change(status);
        }

        if (status.State == ModelState.Failed)
        {
            failed.TrySetResult();
        }
    }
}

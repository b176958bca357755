namespace Serverless.Serving;

/// <summary>One classifier of this process: loads its model at the first request, then follows its pointer.</summary>
internal sealed class ClassifierSlot : IAsyncDisposable
{
    private readonly Lock gate = new();
    private readonly ModelSwap swap;
    private readonly PointerFollower follower;
    private readonly CancellationToken stopping;
    private Task? loading;
    private int inFlight;

    /// <param name="name">The classifier's name.</param>
    /// <param name="merge">Merge its versions into the base. For the default classifier only: merged weights take the memory of a whole model.</param>
    /// <param name="context">What all classifiers share.</param>
    /// <param name="onUnknown">Called when nothing is published under the name, even if no caller waits any more.</param>
    public ClassifierSlot(string name, bool merge, ServingContext context, Action<ClassifierSlot> onUnknown)
    {
        State = new ClassifierState(name);
        swap = new ModelSwap(State, merge, context);
        follower = new PointerFollower(State, swap, context, () => onUnknown(this));
        stopping = context.Stopping;
    }

    public ClassifierState State { get; }

    /// <summary>The number of texts that wait for their forward pass or are in it.</summary>
    public int InFlight => Volatile.Read(ref inFlight);

    /// <summary>Completes when a version serves. The first call starts the load, which all calls share.</summary>
    /// <exception cref="UnknownClassifierException">Nothing is published. This object does not look again.</exception>
    public Task ReadyAsync()
    {
        if (State.Model is not null)
        {
            return Task.CompletedTask;
        }

        lock (gate)
        {
            return loading ??= Task.Run(follower.LoadAsync, stopping);
        }
    }

    /// <summary>Admits texts, all of them or none. More texts than the capacity are admitted only when no other is in flight.</summary>
    /// <exception cref="QueueFullException">There is no room for them.</exception>
    public void Enter(int texts, int capacity)
    {
        var others = Interlocked.Add(ref inFlight, texts) - texts;
        if (others > 0 && others + texts > capacity)
        {
            Leave(texts);
            throw new QueueFullException(capacity);
        }
    }

    public void Leave(int texts) => Interlocked.Add(ref inFlight, -texts);

    /// <summary>Swaps in a newly published version, if there is one. After an error the current version keeps serving, and the status has the error.</summary>
    public async Task RefreshAsync(CancellationToken cancellationToken)
    {
        if (loading is { IsCompletedSuccessfully: true })
        {
            await follower.RefreshAsync(cancellationToken);
        }
    }

    /// <summary>Call it after <see cref="ServingContext.Stopping"/> is canceled and the inference thread has ended.</summary>
    public async ValueTask DisposeAsync()
    {
        // The errors of a load are in the log and were thrown to its callers.
        await (loading ?? Task.CompletedTask).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await swap.DisposeAsync();
        State.Model?.Dispose();
    }
}

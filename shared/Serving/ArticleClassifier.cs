using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Serverless.Llama.Kernels;
using Serverless.Models;
using Serverless.Storage;
using Serverless.Training;
using TorchSharp;

namespace Serverless.Serving;

/// <summary>
/// Classifies texts. Models load at the first request, unless the settings say otherwise; concurrent requests share one forward pass; a newly
/// published version is swapped in while the current one serves.
/// </summary>
public sealed class ArticleClassifier : IAsyncDisposable
{
    private readonly ClassifierOptions options;
    private readonly TimeProvider time;
    private readonly ConcurrentDictionary<string, ClassifierSlot> classifiers = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource stopping = new();
    private readonly ModelLoader loader;
    private readonly DataParallel parallel;
    private readonly InferenceThread thread;
    private readonly ServingContext context;
    private bool disposed;

    public ArticleClassifier(ClassifierOptions options, ModelRegistry registry, TrainingRuns runs, TimeProvider time, ILogger<ArticleClassifier> log)
    {
        this.options = options;
        this.time = time;
        loader = new ModelLoader(registry, options.Base, new PrecisionSelector(options.Precision, log));
        parallel = new DataParallel(torch.get_num_threads());
        thread = new InferenceThread(new MicroBatcher(options.MaxBatch, options.MaxBatchTokens), new BatchRunner(parallel, time, log).Run);
        context = new ServingContext(registry, runs, loader, thread, time, log, stopping.Token);
    }

    /// <summary>The status of this process. Reading it starts nothing.</summary>
    public ServingStatus Status => ServingStatus.Create(
        options.Base,
        options.Default,
        classifiers.Values.Sum(classifier => classifier.InFlight),
        classifiers.Values.Select(classifier => classifier.State.Status));

    /// <summary>Completes when a version of the classifier serves; waits up to <see cref="ClassifierOptions.LoadWait"/> for it.</summary>
    /// <exception cref="UnknownClassifierException">Nothing is published under this name.</exception>
    /// <exception cref="ModelNotReadyException">The model could not be loaded in time.</exception>
    public Task WaitUntilReadyAsync(string classifier, CancellationToken cancellationToken) =>
        GetReadyAsync(classifier, waitForRetries: true, cancellationToken);

    /// <summary>Classifies the text of a queue message.</summary>
    /// <remarks>
    /// It is not limited by the capacity, since the host limits the messages that are processed at once. It waits for a first load, but not for
    /// one that is retried: the messages of a classifier that cannot be loaded would hold up those of all others.
    /// </remarks>
    /// <param name="classifier">The classifier's name.</param>
    /// <param name="text">Not empty; see <see cref="ArticleLimits"/>.</param>
    /// <param name="cancellationToken">Removes the text from the queue at once.</param>
    /// <inheritdoc cref="WaitUntilReadyAsync" path="/exception"/>
    public async Task<Prediction> ClassifyQueuedAsync(string classifier, string text, CancellationToken cancellationToken)
    {
        var enqueuedAt = time.GetTimestamp();
        var slot = await GetReadyAsync(classifier, waitForRetries: false, cancellationToken);
        return (await ClassifyAsync(slot, [text], enqueuedAt, capacity: int.MaxValue, cancellationToken))[0];
    }

    /// <summary>
    /// Classifies several texts. Admission is all-or-nothing, so that nothing is computed for a caller who is rejected. A batch larger than the
    /// queue capacity is accepted only when the classifier has no other text in flight.
    /// </summary>
    /// <remarks>Texts count once the model is ready, and for their classifier only: those of one that cannot be loaded take no room from others.</remarks>
    /// <param name="classifier">Null for the default one.</param>
    /// <param name="texts">Not empty; see <see cref="ArticleLimits"/>.</param>
    /// <param name="cancellationToken">Removes the texts from the queue at once.</param>
    /// <returns>Predictions in the order of the texts.</returns>
    /// <exception cref="UnknownClassifierException">Nothing is published under this name.</exception>
    /// <exception cref="QueueFullException">Too many texts are in flight.</exception>
    /// <exception cref="ModelNotReadyException">The model could not be loaded in time.</exception>
    public async Task<Prediction[]> ClassifyAsync(string? classifier, IReadOnlyList<string> texts, CancellationToken cancellationToken)
    {
        var enqueuedAt = time.GetTimestamp();
        var slot = await GetReadyAsync(classifier ?? options.Default, waitForRetries: true, cancellationToken);
        return await ClassifyAsync(slot, texts, enqueuedAt, options.QueueCapacity, cancellationToken);
    }

    /// <inheritdoc cref="ClassifyAsync(string?, IReadOnlyList{string}, CancellationToken)"/>
    public async Task<Prediction> ClassifyAsync(string? classifier, string text, CancellationToken cancellationToken) =>
        (await ClassifyAsync(classifier, [text], cancellationToken))[0];

    /// <summary>Loads the default classifier. Errors are in the log and in <see cref="Status"/>, and the first request gets them.</summary>
    public async Task LoadDefaultAsync(CancellationToken cancellationToken)
    {
        try
        {
            await WaitUntilReadyAsync(options.Default, cancellationToken);
        }
        catch (UnknownClassifierException)
        {
            // Nothing is published yet: the first request looks again.
        }
        catch (ModelNotReadyException)
        {
            // The load continues in the background, and its errors are in the log.
        }
    }

    /// <summary>Checks once for newly published versions of the classifiers that serve.</summary>
    public async Task RefreshAsync(CancellationToken cancellationToken)
    {
        foreach (var classifier in classifiers.Values)
        {
            await classifier.RefreshAsync(cancellationToken);
        }
    }

    /// <summary>Loads a version beside those that serve and smoke-tests it. Does nothing while no base model is loaded: a cold process stays cold.</summary>
    /// <exception cref="InvalidDataException">It cannot be used; says why.</exception>
    public async Task TryVersionAsync(string classifier, string version, CancellationToken cancellationToken)
    {
        if (!loader.HasBase)
        {
            return;
        }

        using var candidate = await loader.LoadAsync(classifier, version, manifestSha256: null, cancellationToken);
        await thread.RunAsync(candidate.SmokeTest);
    }

    public async ValueTask DisposeAsync()
    {
        if (disposed)
        {
            return;
        }

        disposed = true;
        await stopping.CancelAsync();
        thread.Dispose();
        parallel.Dispose();
        foreach (var classifier in classifiers.Values)
        {
            await classifier.DisposeAsync();
        }

        loader.Dispose();
        stopping.Dispose();
    }

    private async Task<Prediction[]> ClassifyAsync(
        ClassifierSlot slot, IReadOnlyList<string> texts, long enqueuedAt, int capacity, CancellationToken cancellationToken)
    {
        slot.Enter(texts.Count, capacity);
        try
        {
            var model = slot.State.Model!;
            var predictions = new Task<Prediction>[texts.Count];
            for (var i = 0; i < predictions.Length; i++)
            {
                var request = new InferenceRequest(slot.State, texts[i], model.Encode(texts[i]), model.Metadata.MaxTokens, enqueuedAt, cancellationToken);
                predictions[i] = request.Completion;
                thread.Add(request);
            }

            return await Task.WhenAll(predictions).WaitAsync(cancellationToken);
        }
        finally
        {
            slot.Leave(texts.Count);
        }
    }

    /// <param name="name">The classifier's name.</param>
    /// <param name="waitForRetries">Whether to wait further when an attempt to load has failed.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    private async Task<ClassifierSlot> GetReadyAsync(string name, bool waitForRetries, CancellationToken cancellationToken)
    {
        if (!StorageNames.IsName(name))
        {
            throw new UnknownClassifierException(name);
        }

        var slot = classifiers.GetOrAdd(name, Create);
        var ready = slot.ReadyAsync();
        try
        {
            await (waitForRetries ? ready : Task.WhenAny(ready, slot.State.Failed)).WaitAsync(options.LoadWait, time, cancellationToken);
            if (ready.IsCompleted)
            {
                await ready;
                return slot;
            }
        }
        catch (TimeoutException)
        {
            // The status says why.
        }

        throw new ModelNotReadyException(slot.State.Status.Problem is { } problem
            ? $"The model could not be loaded and is tried again: {problem}"
            : "The model is still being loaded.");
    }

    private ClassifierSlot Create(string name) => new(name, merge: name == options.Default, context, RemoveUnknown);

    /// <summary>Removes unknown classifiers, so that names sent by callers cannot grow the dictionary.</summary>
    private void RemoveUnknown(ClassifierSlot unknown) => classifiers.TryRemove(new(unknown.State.Name, unknown));
}

using System.Collections;
using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Serverless.Llama.Kernels;
using Serverless.Models;
using Serverless.Storage;
using TorchSharp;

namespace Serverless.Serving;

/// <summary>
/// Answers which label a text has. Loads nothing before the first question unless told to; questions that come together share one forward
/// pass; a newly published version is swapped in while the old one answers.
/// </summary>
public sealed class ArticleClassifier : IDisposable
{
    private readonly ClassifierOptions options;
    private readonly ModelRegistry registry;
    private readonly TimeProvider time;
    private readonly ILogger<ArticleClassifier> log;
    private readonly ConcurrentDictionary<string, ClassifierSlot> classifiers = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource stopping = new();
    private readonly ModelLoader loader;
    private readonly DataParallel parallel;
    private readonly InferenceThread thread;
    private int inFlight;
    private bool disposed;

    public ArticleClassifier(ClassifierOptions options, ModelRegistry registry, TimeProvider time, ILogger<ArticleClassifier> log)
    {
        (this.options, this.registry, this.time, this.log) = (options, registry, time, log);
        loader = new ModelLoader(registry, options.Base, new PrecisionSelector(options.Precision, log));
        parallel = new DataParallel(torch.get_num_threads());
        thread = new InferenceThread(new MicroBatcher(options.MaxBatch, options.MaxBatchTokens), new BatchRunner(parallel, time, log).Run);
    }

    /// <summary>How this process stands. Asking starts nothing.</summary>
    public ServingStatus Status
    {
        get
        {
            var all = classifiers.Values.Select(classifier => classifier.Status).OrderBy(status => status.Name, StringComparer.Ordinal).ToArray();
            ModelState[] order = [ModelState.Ready, ModelState.Failed, ModelState.Loading];
            var state = order.FirstOrDefault(state => all.Any(status => status.State == state), ModelState.Cold);
            var version = all.FirstOrDefault(status => status.Name == options.Default)?.Version;
            return new ServingStatus(state, options.Base, version, Volatile.Read(ref inFlight), all);
        }
    }

    /// <summary>Classifies a text; waits up to a minute for the model to be loaded.</summary>
    /// <param name="classifier">Null for the default one.</param>
    /// <param name="text">Not empty; see <see cref="ArticleLimits"/>.</param>
    /// <param name="cancellationToken">Leaves the queue at once.</param>
    /// <exception cref="UnknownClassifierException">Nothing is published under this name.</exception>
    /// <exception cref="QueueFullException">Too many texts are inside.</exception>
    /// <exception cref="ModelNotReadyException">The model could not be loaded in time.</exception>
    public async Task<Prediction> ClassifyAsync(string? classifier, string text, CancellationToken cancellationToken) =>
        (await ClassifyAsync(classifier, [text], cancellationToken))[0];

    /// <summary>
    /// The same for texts that belong together: all are let in or none, so that nothing is computed for a caller who is turned away. More
    /// than the waiting room holds are let in when nobody else is inside.
    /// </summary>
    /// <returns>In the order of the texts.</returns>
    public async Task<Prediction[]> ClassifyAsync(string? classifier, IReadOnlyList<string> texts, CancellationToken cancellationToken)
    {
        var others = Interlocked.Add(ref inFlight, texts.Count) - texts.Count;
        try
        {
            if (others > 0 && others + texts.Count > options.QueueCapacity)
            {
                throw new QueueFullException(options.QueueCapacity);
            }

            var enteredAt = time.GetTimestamp();
            var served = await ReadyAsync(classifier ?? options.Default, cancellationToken);
            var model = served.Model!;
            var answers = new Task<Prediction>[texts.Count];
            for (var i = 0; i < answers.Length; i++)
            {
                var pending = new InferenceRequest(served, texts[i], model.Encode(texts[i]), model.Labels.MaxTokens, enteredAt, cancellationToken);
                answers[i] = pending.Completion;
                thread.Add(pending);
            }

            return await Task.WhenAll(answers).WaitAsync(cancellationToken);
        }
        finally
        {
            Interlocked.Add(ref inFlight, -texts.Count);
        }
    }

    /// <summary>Loads the default classifier before anybody asks. What goes wrong is told by the log, by <see cref="Status"/> and to the first who asks.</summary>
    public async Task LoadDefaultAsync(CancellationToken cancellationToken)
    {
        try
        {
            await ReadyAsync(options.Default, cancellationToken);
        }
        catch (Exception exception) when (exception is UnknownClassifierException or ModelNotReadyException)
        {
        }
    }

    /// <summary>Looks once for newly published versions of the classifiers that serve.</summary>
    public async Task RefreshAsync(CancellationToken cancellationToken)
    {
        foreach (var served in classifiers.Values)
        {
            await served.RefreshAsync(cancellationToken);
        }
    }

    /// <summary>Loads a version beside those that serve and puts a text through it, where a base is in memory: a cold process stays cold.</summary>
    /// <exception cref="InvalidDataException">It cannot be used; says why.</exception>
    public async Task TryVersionAsync(string classifier, string version, CancellationToken cancellationToken)
    {
        if (!loader.HasBase)
        {
            return;
        }

        using var candidate = await loader.LoadAsync(classifier, version, manifestSha256: null, cancellationToken);
        await thread.RunAsync(Steps());

        IEnumerable Steps()
        {
            candidate.SmokeTest();
            yield break;
        }
    }

    public void Dispose()
    {
        if (disposed)
        {
            return;
        }

        disposed = true;
        stopping.Cancel();
        thread.Dispose();
        parallel.Dispose();
        foreach (var served in classifiers.Values)
        {
            served.Dispose();
        }

        loader.Dispose();
        stopping.Dispose();
    }

    private async Task<ClassifierSlot> ReadyAsync(string name, CancellationToken cancellationToken)
    {
        if (!StorageNames.IsName(name))
        {
            throw new UnknownClassifierException(name);
        }

        var served = classifiers.GetOrAdd(name, Create);
        try
        {
            await served.ReadyAsync().WaitAsync(options.LoadWait, time, cancellationToken);
            return served;
        }
        catch (TimeoutException)
        {
            throw new ModelNotReadyException(served.Status.Problem is { } problem
                ? $"The model could not be loaded and is tried again: {problem}"
                : "The model is still being loaded.");
        }
    }

    private ClassifierSlot Create(string name) =>
        new(name, merge: name == options.Default, registry, loader, thread, time, log, RemoveUnknown, stopping.Token);

    /// <summary>Names come from outside; those that lead nowhere are not kept.</summary>
    private void RemoveUnknown(ClassifierSlot unknown) => classifiers.TryRemove(new(unknown.Status.Name, unknown));
}

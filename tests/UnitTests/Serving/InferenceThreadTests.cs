using Serverless.Llama.Tokenizer;
using Serverless.Serving;

namespace Serverless.UnitTests.Serving;

public sealed class InferenceThreadTests : IDisposable
{
    private static readonly Prediction Prediction = new("a", 1, new Dictionary<string, double>(), "v1", 1, false, 0, 0);

    private static readonly ClassifierState News = new("news");

    private readonly BlockingComputation computation = new();

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    public void Dispose() => computation.Dispose();

    [Fact]
    public async Task Requests_that_arrive_during_a_batch_share_the_next_one()
    {
        using var thread = new InferenceThread(new MicroBatcher(32, 1000), computation.Compute);
        var first = Add(thread, Text());
        await computation.Entered(1);
        var others = Enumerable.Range(0, 10).Select(_ => Add(thread, Text())).ToArray();

        computation.Release();
        await Task.WhenAll([first, .. others]);

        Assert.Equal([1, 10], computation.Sizes);
    }

    [Fact]
    public async Task A_single_request_is_not_delayed_to_fill_a_batch()
    {
        using var thread = new InferenceThread(new MicroBatcher(32, 1000), computation.Compute);
        computation.Release();

        await Add(thread, Text()).WaitAsync(TimeSpan.FromSeconds(10), CancellationToken);

        Assert.Equal([1], computation.Sizes);
    }

    [Fact]
    public async Task Pending_requests_run_before_the_next_step_of_a_work_item()
    {
        using var thread = new InferenceThread(new MicroBatcher(1, 1000), computation.Compute);
        var order = new List<string>();
        computation.Computed += () => order.Add("batch");
        var first = Add(thread, Text());
        await computation.Entered(1);
        var steps = 0;
        var workItem = thread.RunStepsAsync(() =>
        {
            order.Add($"step {++steps}");
            return steps < 2;
        });
        var second = Add(thread, Text());

        computation.Release();
        await Task.WhenAll(first, second, workItem);

        Assert.Equal(["batch", "batch", "step 1", "step 2"], order);
    }

    [Fact]
    public async Task A_work_item_that_fails_throws_and_the_next_one_runs()
    {
        using var thread = new InferenceThread(new MicroBatcher(1, 1000), computation.Compute);

        var steps = 0;
        var failing = thread.RunStepsAsync(() => ++steps < 2 ? true : throw new InvalidDataException("broken"));
        await Assert.ThrowsAsync<InvalidDataException>(() => failing);
        var ran = false;
        await thread.RunAsync(() => ran = true);

        Assert.True(ran);
        Assert.Equal(2, steps);
    }

    [Fact]
    public async Task A_canceled_request_is_not_computed()
    {
        using var thread = new InferenceThread(new MicroBatcher(32, 1000), computation.Compute);
        using var leaving = new CancellationTokenSource();
        var first = Add(thread, Text());
        await computation.Entered(1);
        var left = Add(thread, Text(leaving: leaving.Token));
        var stayed = Add(thread, Text());

        await leaving.CancelAsync();
        computation.Release();
        await Task.WhenAll(first, stayed);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => left);
        Assert.Equal([1, 1], computation.Sizes);
    }

    [Fact]
    public async Task Disposing_the_thread_cancels_everything_that_is_pending()
    {
        var thread = new InferenceThread(new MicroBatcher(32, 1000), computation.Compute);
        var first = Add(thread, Text());
        await computation.Entered(1);
        var waiting = Add(thread, Text());
        var workItem = thread.RunAsync(() => { });

        var ending = Task.Run(thread.Dispose, CancellationToken);
        Assert.Throws<ObjectDisposedException>(() =>
        {
            while (!CancellationToken.IsCancellationRequested)
            {
                _ = Add(thread, Text());
                Thread.Sleep(10);
            }
        });
        computation.Release();
        await ending;

        Assert.Same(Prediction, await first);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => workItem);
    }

    [Fact]
    public void A_batch_has_requests_of_one_classifier_within_the_limits_oldest_first()
    {
        var news = new ClassifierState("news");
        var sport = new ClassifierState("sport");
        var batches = new MicroBatcher(maxTexts: 3, maxTokens: 10);
        InferenceRequest[] texts = [Text(news, 6), Text(sport, 1), Text(news, 5), Text(news, 4), Text(news, 12), Text(sport, 1)];
        foreach (var text in texts)
        {
            batches.Add(text);
        }

        Assert.Equal([texts[0], texts[3]], batches.Take());
        Assert.Equal([texts[1], texts[5]], batches.Take());
        Assert.Equal([texts[2]], batches.Take());
        Assert.Equal([texts[4]], batches.Take());
        Assert.Empty(batches.Take());
    }

    private static InferenceRequest Text(ClassifierState? classifier = null, int tokens = 1, CancellationToken? leaving = null) =>
        new(classifier ?? News, "", new TokenizedText(new int[tokens], false), 64, 0, leaving ?? CancellationToken);

    private static Task<Prediction> Add(InferenceThread thread, InferenceRequest text)
    {
        thread.Add(text);
        return text.Completion;
    }

    /// <summary>A computation that blocks until it is released.</summary>
    private sealed class BlockingComputation : IDisposable
    {
        private readonly ManualResetEventSlim released = new();
        private readonly SemaphoreSlim entered = new(0);

        public event Action? Computed;

        public List<int> Sizes { get; } = [];

        public void Compute(IReadOnlyList<InferenceRequest> batch)
        {
            Sizes.Add(batch.Count);
            entered.Release();
            released.Wait(CancellationToken);
            Computed?.Invoke();
            foreach (var text in batch)
            {
                text.Complete(Prediction);
            }
        }

        public async Task Entered(int times)
        {
            for (var i = 0; i < times; i++)
            {
                await entered.WaitAsync(CancellationToken);
            }
        }

        public void Release() => released.Set();

        public void Dispose()
        {
            released.Dispose();
            entered.Dispose();
        }
    }
}

using System.Collections;
using Serverless.Llama.Tokenizer;
using Serverless.Serving;

namespace Serverless.UnitTests.Serving;

public sealed class InferenceThreadTests : IDisposable
{
    private static readonly Prediction Answer = new("a", 1, new Dictionary<string, double>(), "v1", 1, false, 0, 0);

    private readonly BlockingComputation computation = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => computation.Dispose();

    [Fact]
    public async Task Texts_that_come_while_a_batch_computes_meet_in_the_next_one()
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
    public async Task A_text_that_comes_alone_does_not_wait_for_company()
    {
        using var thread = new InferenceThread(new MicroBatcher(32, 1000), computation.Compute);
        computation.Release();

        await Add(thread, Text()).WaitAsync(TimeSpan.FromSeconds(10), Cancel);

        Assert.Equal([1], computation.Sizes);
    }

    [Fact]
    public async Task Whoever_waits_goes_before_the_next_step_of_a_chore()
    {
        using var thread = new InferenceThread(new MicroBatcher(1, 1000), computation.Compute);
        var order = new List<string>();
        computation.Computed += () => order.Add("batch");
        var first = Add(thread, Text());
        await computation.Entered(1);
        var chore = thread.RunAsync(Steps());
        var second = Add(thread, Text());

        computation.Release();
        await Task.WhenAll(first, second, chore);

        Assert.Equal(["batch", "batch", "step 1", "step 2"], order);

        IEnumerable Steps()
        {
            order.Add("step 1");
            yield return null;
            order.Add("step 2");
        }
    }

    [Fact]
    public async Task A_chore_that_fails_says_so_and_the_next_one_runs()
    {
        using var thread = new InferenceThread(new MicroBatcher(1, 1000), computation.Compute);

        var failing = thread.RunAsync(Failing());
        await Assert.ThrowsAsync<InvalidDataException>(() => failing);
        await thread.RunAsync(Array.Empty<object>());

        static IEnumerable Failing()
        {
            yield return null;
            throw new InvalidDataException("broken");
        }
    }

    [Fact]
    public async Task A_text_whose_caller_left_is_not_computed()
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
    public async Task Ending_the_thread_lets_go_of_everyone_who_waits()
    {
        var thread = new InferenceThread(new MicroBatcher(32, 1000), computation.Compute);
        var first = Add(thread, Text());
        await computation.Entered(1);
        var waiting = Add(thread, Text());
        var chore = thread.RunAsync(new[] { "never" });

        var ending = Task.Run(thread.Dispose, Cancel);
        Assert.Throws<ObjectDisposedException>(() =>
        {
            while (!Cancel.IsCancellationRequested)
            {
                _ = Add(thread, Text());
                Thread.Sleep(10);
            }
        });
        computation.Release();
        await ending;

        Assert.Same(Answer, await first);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => chore);
    }

    [Fact]
    public void A_batch_has_texts_of_one_classifier_within_the_limits_and_the_longest_waiting_first()
    {
        var (news, sport) = (Classifier("news"), Classifier("sport"));
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

    private static readonly ClassifierSlot News = Classifier("news");

    // Nothing of the classifier but its identity matters here.
    private static ClassifierSlot Classifier(string name) => new(name, false, null!, null!, null!, null!, null!, null!, default);

    private static InferenceRequest Text(ClassifierSlot? classifier = null, int tokens = 1, CancellationToken? leaving = null) =>
        new(classifier ?? News, "", new TokenizedText(new int[tokens], false), 64, 0, leaving ?? Cancel);

    private static Task<Prediction> Add(InferenceThread thread, InferenceRequest text)
    {
        thread.Add(text);
        return text.Completion;
    }

    /// <summary>Computes nothing, and not before it is released.</summary>
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
            released.Wait(Cancel);
            Computed?.Invoke();
            foreach (var text in batch)
            {
                text.Complete(Answer);
            }
        }

        public async Task Entered(int times)
        {
            for (var i = 0; i < times; i++)
            {
                await entered.WaitAsync(Cancel);
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

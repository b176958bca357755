using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging.Abstractions;
using Serverless.Serving;
using Serverless.Storage;
using TorchSharp;

namespace Serverless.UnitTests.Serving;

[Collection(nameof(Alone))]
public sealed class NativeMemoryTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("bf16")]
    [InlineData("int8")]
    public void Ten_thousand_classifications_leave_native_memory_as_it_was(string precision)
    {
        const int batch = 50, batches = 200;
        ToyModel.WriteBase(Path.Combine(folder.Path, "base"));
        ToyModel.WriteAdapter(Path.Combine(folder.Path, "adapter"), 1, "a", "b", "c");
        using var weights = BaseModel.Open(Path.Combine(folder.Path, "base"), new PrecisionChoice(precision, NullLogger.Instance));
        using var model = weights.Load(new LocalVersion(
            "news", "v1", Path.Combine(folder.Path, "adapter"), new ModelManifest(ToyModel.Base, DateTimeOffset.UnixEpoch, new Dictionary<string, string>())));
        foreach (var _ in model.MergeSteps(previous: null))
        {
        }

        var texts = Enumerable.Range(0, batch).Select(i => model.Encode(new string('x', 1 + i % 4)).Ids).ToArray();
        Classify(batches / 10); // caches of libtorch and of the TorchScript interpreter fill
        var (tensors, bytes) = (DisposeScopeManager.Statistics.ThreadTotalLiveCount, NativeBytes());

        Classify(batches);

        Assert.Equal(tensors, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
        Assert.InRange(NativeBytes() - bytes, long.MinValue, 2 << 20); // 200 bytes a text

        void Classify(int times)
        {
            for (var i = 0; i < times; i++)
            {
                model.Probabilities(texts);
            }
        }
    }

    /// <summary>Bytes that malloc has given out, in all threads; the managed heap is not among them.</summary>
    private static long NativeBytes()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        var info = MallocInformation();
        return (long)(info.Used + info.Mapped);
    }

    [DllImport("libc", EntryPoint = "mallinfo2")]
    private static extern MallocInfo MallocInformation();

    [StructLayout(LayoutKind.Sequential)]
    private readonly struct MallocInfo // struct mallinfo2 of malloc.h
    {
        private readonly nuint arena, freeBlocks, smallBlocks, mappedBlocks;
        public readonly nuint Mapped;
        private readonly nuint unused, freeSmall;
        public readonly nuint Used;
        private readonly nuint free, trimmable;
    }
}

/// <summary>Runs when nothing else does: what the process allocates is then its own.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;

using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging.Abstractions;
using Serverless.Models;
using Serverless.Serving;
using TorchSharp;

namespace Serverless.UnitTests.Serving;

[Collection(nameof(Alone))]
public sealed class NativeMemoryTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(PrecisionSetting.Bf16)]
    [InlineData(PrecisionSetting.Int8)]
    public async Task Ten_thousand_classifications_do_not_grow_native_memory(PrecisionSetting precision)
    {
        const int batch = 50, batches = 67, rounds = 3, bytesPerText = 200;
        ToyModel.WriteBase(Path.Combine(folder.Path, "base"));
        ToyModel.WriteAdapter(Path.Combine(folder.Path, "adapter"), 1, "a", "b", "c");
        using var weights = await BaseModel.OpenAsync(Path.Combine(folder.Path, "base"), new PrecisionSelector(precision, NullLogger.Instance));
        var manifest = new ModelManifest(ToyModel.Base, DateTimeOffset.UnixEpoch, new Dictionary<string, string>());
        using var model = weights.Load(new LocalVersion("news", "v1", Path.Combine(folder.Path, "adapter"), manifest));
        var merge = model.StartMerge(previous: null);
        while (merge.Step())
        {
        }

        var texts = Enumerable.Range(0, batch).Select(i => model.Encode(new string('x', 1 + i % 4)).Ids).ToArray();
        Growth(); // libtorch's caches fill
        var tensors = DisposeScopeManager.Statistics.ThreadTotalLiveCount;

        // What leaks grows in every round; what .NET's compiler takes when it optimises, in one.
        var growth = Enumerable.Range(0, rounds).Min(_ => Growth());

        Assert.Equal(tensors, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
        Assert.InRange(growth, long.MinValue, batches * batch * bytesPerText);

        long Growth()
        {
            var before = NativeBytes();
            for (var i = 0; i < batches; i++)
            {
                model.Probabilities(texts);
            }

            return NativeBytes() - before;
        }
    }

    /// <summary>Bytes allocated by malloc, in all threads; the managed heap is not included.</summary>
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

/// <summary>Tests that run alone, so that no other test allocates memory in the process.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;

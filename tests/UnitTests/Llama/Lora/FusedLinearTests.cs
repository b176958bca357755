using Serverless.Llama.Kernels;
using Serverless.Llama.Lora;
using TorchSharp;
using static TorchSharp.torch;

namespace Serverless.UnitTests.Llama.Lora;

public sealed class FusedLinearTests : IDisposable
{
    private const int Inputs = 48;

    private readonly DisposeScope scope = NewDisposeScope();
    private readonly Generator generator = new(7);

    public void Dispose()
    {
        generator.Dispose();
        scope.Dispose();
    }

    [Theory]
    [InlineData(Precision.Fp32, 1e-5)]
    [InlineData(Precision.Bf16, 0.01)]
    [InlineData(Precision.Int8, 0.02)]
    public void Merged_parts_give_what_they_give_beside_their_updates(Precision precision, double tolerance)
    {
        SkipUnlessProcessorMultiplies(precision);
        using var fused = New();
        var x = Random(5, Inputs);
        var beside = fused.Forward(x);

        fused.Merge(precision);
        var input = precision == Precision.Bf16 ? x.to(bfloat16) : x;
        var merged = fused.Forward(input);

        Assert.Equal([[5, 6], [5, 4], [5, 10]], merged.Select(part => part.shape));
        Assert.All(beside.Zip(merged), pair => Assert.True(RelativeError(pair.First, pair.Second) < tolerance, $"{RelativeError(pair.First, pair.Second)}"));
    }

    [Fact]
    public void In_int8_a_token_has_the_same_bits_alone_as_among_others_of_any_size()
    {
        SkipUnlessProcessorMultiplies(Precision.Int8);
        using var fused = New();
        fused.Merge(Precision.Int8);
        var token = Random(1, Inputs);

        var alone = fused.Forward(token)[2];
        var among = fused.Forward(cat([Random(1, Inputs) * 1000, token]))[2].narrow(0, 1, 1);

        Assert.Equal(alone.data<float>().ToArray(), among.data<float>().ToArray());
    }

    [Fact]
    public void In_int8_tokens_and_channels_of_zeros_give_zeros()
    {
        SkipUnlessProcessorMultiplies(Precision.Int8);
        var weight = zeros(4, Inputs);
        using var fused = new FusedLinear(new LoraLinear("zero", weight, null));
        fused.Merge(Precision.Int8);

        Assert.All(fused.Forward(zeros(2, Inputs)).Single().data<float>(), value => Assert.Equal(0, value));
        Assert.All(fused.Forward(Random(2, Inputs)).Single().data<float>(), value => Assert.Equal(0, value));
    }

    [Theory]
    [InlineData(Precision.Bf16)]
    [InlineData(Precision.Int8)]
    public void Merging_frees_the_weight_of_the_retired_version_first(Precision precision)
    {
        SkipUnlessProcessorMultiplies(precision);
        using var first = New();
        using var second = New();
        first.Merge(precision);
        var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;

        second.Merge(precision, first);

        Assert.Equal(before, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(64)]
    [InlineData(300)]
    public void A_packed_bf16_weight_gives_what_a_plain_product_gives(int tokens)
    {
        var weight = Random(96, Inputs).to(bfloat16);
        using var fused = new FusedLinear(new LoraLinear("plain", weight, null));
        fused.Merge(Precision.Bf16);
        var x = Random(tokens, Inputs).to(bfloat16);

        var y = fused.Forward(x).Single();

        Assert.True(RelativeError(nn.functional.linear(x, weight).to(float32), y) < 0.001);
    }

    [Fact]
    public void A_weight_of_more_rows_than_a_chunk_is_merged_whole()
    {
        const int rows = 1000, columns = 1024; // 512 rows per chunk
        var (weight, a, b) = (Random(rows, columns), Random(2, columns), Random(rows, 2));
        var linear = new LoraLinear("tall", weight, null);
        linear.SetLora(a, b, new LoraConfig { Rank = 2, Alpha = 6 });
        using var fused = new FusedLinear(linear);
        fused.Merge(Precision.Fp32);
        var x = Random(3, columns);

        var y = fused.Forward(x).Single();

        Assert.True(allclose(x.matmul((weight + b.matmul(a) * 3).t()), y, 1e-4, 1e-3));
    }

    // The model never computes in int8 on a processor without VNNI.
    private static void SkipUnlessProcessorMultiplies(Precision precision) =>
        Assert.SkipUnless(precision != Precision.Int8 || CpuFeatures.HasVnni, "This processor has no VNNI.");

    /// <summary>Three parts, the middle one without an update, all with biases.</summary>
    private FusedLinear New()
    {
        LoraLinear[] parts = [.. new[] { 6, 4, 10 }.Select((outputs, i) => new LoraLinear($"part{i}", Random(outputs, Inputs), Random(outputs)))];
        parts[0].SetLora(Random(2, Inputs), Random(6, 2), new LoraConfig { Rank = 2, Alpha = 4 });
        parts[2].SetLora(Random(2, Inputs), Random(10, 2), new LoraConfig { Rank = 2, Alpha = 4 });
        return new FusedLinear(parts);
    }

    private Tensor Random(params long[] shape) => randn(shape, generator: generator);

    private static double RelativeError(Tensor expected, Tensor actual) =>
        ((expected - actual.to(float32)).norm() / expected.norm()).item<float>();
}

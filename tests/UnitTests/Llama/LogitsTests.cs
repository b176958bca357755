using Serverless.Llama;
using Serverless.Llama.Kernels;
using static TorchSharp.torch;

namespace Serverless.UnitTests.Llama;

/// <summary>The logits of transformers and PEFT, from the golden fixtures.</summary>
public sealed class LogitsTests
{
    private const double Tolerance = 1e-4;

    [Theory]
    [MemberData(nameof(Reference.Bases), MemberType = typeof(Reference))]
    public void A_base_with_a_head_gives_the_logits_of_transformers(string name)
    {
        var expected = ReferenceCase.Read("bases", name);
        using var weights = Reference.Weights(name, ScalarType.Float32);
        using var model = new LlamaForSequenceClassification(weights);

        var logits = Reference.Logits(model, expected.Rows);

        Reference.AssertClose(expected.Logits, logits, Tolerance);
    }

    [Theory]
    [MemberData(nameof(Reference.Adapters), MemberType = typeof(Reference))]
    public void A_base_with_an_adapter_gives_the_logits_of_PEFT(string name)
    {
        var expected = ReferenceCase.Read("adapters", name);
        using var weights = Reference.Weights(expected.Base!, ScalarType.Float32);
        using var model = Reference.Adapted(weights, name);

        var logits = Reference.Logits(model, expected.Rows);

        Reference.AssertClose(expected.Logits, logits, Tolerance);
    }

    [Theory]
    [MemberData(nameof(Reference.Adapters), MemberType = typeof(Reference))]
    public void A_merged_adapter_gives_the_logits_of_PEFT(string name)
    {
        var expected = ReferenceCase.Read("adapters", name);
        using var weights = Reference.Weights(expected.Base!, ScalarType.Float32);
        using var model = Reference.Adapted(weights, name);
        Merge(model, Precision.Fp32);

        var logits = Reference.Logits(model, expected.Rows);

        Reference.AssertClose(expected.Logits, logits, Tolerance);
    }

    [Theory]
    [MemberData(nameof(Reference.Bases), MemberType = typeof(Reference))]
    public void In_bf16_the_label_is_the_same_if_the_margin_is_over_0_05(string name)
    {
        var expected = ReferenceCase.Read("bases", name);
        using var weights = Reference.Weights(name, ScalarType.BFloat16);
        using var model = new LlamaForSequenceClassification(weights);

        var logits = Reference.Logits(model, expected.Rows);

        AssertSameLabels(expected.Logits, logits);
    }

    [Theory]
    [MemberData(nameof(Reference.Adapters), MemberType = typeof(Reference))]
    public void In_bf16_an_adapter_gives_the_same_label_if_the_margin_is_over_0_05(string name)
    {
        var expected = ReferenceCase.Read("adapters", name);
        using var weights = Reference.Weights(expected.Base!, ScalarType.BFloat16);
        using var model = Reference.Adapted(weights, name);

        var logits = Reference.Logits(model, expected.Rows);

        AssertSameLabels(expected.Logits, logits);
    }

    [Theory]
    [MemberData(nameof(Reference.Adapters), MemberType = typeof(Reference))]
    public void Merged_in_bf16_an_adapter_gives_the_same_label_if_the_margin_is_over_0_05(string name)
    {
        var expected = ReferenceCase.Read("adapters", name);
        using var weights = Reference.Weights(expected.Base!, ScalarType.BFloat16);
        using var model = Reference.Adapted(weights, name);
        Merge(model, Precision.Bf16);

        var logits = Reference.Logits(model, expected.Rows);

        AssertSameLabels(expected.Logits, logits);
    }

    [Theory]
    [MemberData(nameof(Reference.Adapters), MemberType = typeof(Reference))]
    public void Merged_in_int8_an_adapter_gives_the_same_label_if_the_margin_is_over_0_05(string name)
    {
        Assert.SkipUnless(CpuFeatures.HasVnni, "This processor has no VNNI; the model never computes in int8 on it.");
        var expected = ReferenceCase.Read("adapters", name);
        using var weights = Reference.Weights(expected.Base!, ScalarType.BFloat16);
        using var model = Reference.Adapted(weights, name);
        Merge(model, Precision.Int8);

        var logits = Reference.Logits(model, expected.Rows);

        AssertSameLabels(expected.Logits, logits);
    }

    [Fact]
    public void A_row_has_the_same_logits_alone_as_among_others()
    {
        var expected = ReferenceCase.Read("bases", "llama3_rope_tied");
        using var weights = Reference.Weights("llama3_rope_tied", ScalarType.Float32);
        using var model = new LlamaForSequenceClassification(weights);

        var alone = expected.Rows.Select(row => Reference.Logits(model, [row])[0]).ToArray();

        Reference.AssertClose(expected.Logits, alone, Tolerance);
    }

    private static void Merge(LlamaForSequenceClassification model, Precision precision)
    {
        foreach (var fused in model.FusedLinears)
        {
            fused.Merge(precision);
        }
    }

    private static void AssertSameLabels(float[][] expected, float[][] actual)
    {
        var sure = expected.Zip(actual).Where(pair => Margin(pair.First) > 0.05).ToArray();
        Assert.NotEmpty(sure);
        Assert.All(sure, pair => Assert.Equal(Label(pair.First), Label(pair.Second)));
    }

    private static float Margin(float[] logits) => logits.OrderDescending().Take(2).Aggregate((first, second) => first - second);

    private static int Label(float[] logits) => Array.IndexOf(logits, logits.Max());
}

using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Serverless.Llama;
using Serverless.Llama.Kernels;
using static TorchSharp.torch;

namespace Serverless.Serving;

/// <summary>Selects the precision of this process from the setting and the processor.</summary>
internal sealed class PrecisionSelector(PrecisionSetting setting, ILogger log)
{
    private bool logged;

    /// <summary>The type of activations and of weights that are not merged.</summary>
    public ScalarType ComputeType { get; } = setting switch
    {
        PrecisionSetting.Fp32 => float32,
        PrecisionSetting.Bf16 => bfloat16,
        _ => TorchRuntime.CpuType,
    };

    /// <summary>The precision of merged weights.</summary>
    /// <remarks><c>auto</c> never selects int8, however fast: in the 1B shape its logits differ visibly (BENCHMARKS.md).</remarks>
    public Precision Merged => setting == PrecisionSetting.Int8 && CpuFeatures.HasVnni ? Precision.Int8 : Plain;

    private Precision Plain => ComputeType == bfloat16 ? Precision.Bf16 : Precision.Fp32;

    /// <summary>
    /// Logs once which precision merged weights have, and why. Where int8 and another one are possible, it measures both for two tenths of a
    /// second; the selection does not depend on the result. Runs on the inference thread when no request is pending.
    /// </summary>
    public void LogSelection(LlamaConfig config)
    {
        if (logged)
        {
            return;
        }

        logged = true;
        if (setting is PrecisionSetting.Fp32 or PrecisionSetting.Bf16)
        {
            log.LogInformation("The merged model computes in {Precision}, as set", Plain);
        }
        else if (CpuFeatures.HasVnni)
        {
            log.LogInformation(
                "The merged model computes in {Precision}: a linear layer of its shape runs at {Int8:0} GOP/s in int8 and at {PlainRate:0} in {Plain}",
                Merged, MeasureRate(Precision.Int8, config), MeasureRate(Plain, config), Plain);
        }
        else if (setting == PrecisionSetting.Int8)
        {
            log.LogWarning("The merged model computes in {Precision} although int8 is set: this processor has no VNNI instructions", Plain);
        }
        else
        {
            log.LogInformation("The merged model computes in {Precision}, the fastest that this processor has", Plain);
        }
    }

    /// <summary>The highest rate of a few products in the shape of an MLP, in 10⁹ operations a second.</summary>
    private double MeasureRate(Precision precision, LlamaConfig config)
    {
        const int tokens = 128, maxChannels = 4096, attempts = 4;
        using var inference = inference_mode();
        using var scope = NewDisposeScope();
        var channels = Math.Min(maxChannels, 2 * config.IntermediateSize);
        using var weight = MergedWeight.Allocate(precision, channels, config.HiddenSize);
        // The values do not change the time, and random numbers would take longer than all the rest.
        weight.SetRows(0, ones(channels, config.HiddenSize));
        weight.Pack();
        var x = ones(tokens, config.HiddenSize, ComputeType);
        var best = TimeSpan.MaxValue;
        for (var attempt = 0; attempt < attempts; attempt++)
        {
            var begin = Stopwatch.GetTimestamp();
            weight.Multiply(x).Dispose();
            var elapsed = Stopwatch.GetElapsedTime(begin);
            best = elapsed < best ? elapsed : best;
        }

        return 2.0 * tokens * channels * config.HiddenSize / best.TotalSeconds / 1e9;
    }
}

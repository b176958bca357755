using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Serverless.Llama;
using Serverless.Llama.Kernels;
using static TorchSharp.torch;

namespace Serverless.Serving;

/// <summary>What this process computes in: as the setting says, or bf16 where the processor multiplies in it, and else fp32.</summary>
/// <param name="setting"><c>auto</c>, <c>fp32</c>, <c>bf16</c> or <c>int8</c>; see <see cref="ClassifierOptions.Precision"/>.</param>
internal sealed class PrecisionSelector(string setting, ILogger log)
{
    private bool logged;

    /// <summary>The type of everything that is not merged, and of what lies between the linears.</summary>
    public ScalarType ComputeType { get; } = setting switch
    {
        "fp32" => float32,
        "bf16" => bfloat16,
        _ => TorchRuntime.CpuType,
    };

    /// <summary>What merged weights are kept in. <c>auto</c> never picks int8, however fast: in the 1B shape its logits differ visibly (BENCHMARKS.md).</summary>
    public Precision Merged => setting == "int8" && CpuFeatures.HasVnni ? Precision.Int8 : Plain;

    private Precision Plain => ComputeType == bfloat16 ? Precision.Bf16 : Precision.Fp32;

    /// <summary>
    /// Logs once what merged weights are kept in and why; where there is a choice, after measuring for two tenths of a second. For the model's
    /// thread, when nobody waits for it: whatever it measures, the choice stands.
    /// </summary>
    public void LogSelection(LlamaConfig config)
    {
        if (logged)
        {
            return;
        }

        logged = true;
        if (setting is "fp32" or "bf16")
        {
            log.LogInformation("The merged model computes in {Precision}, as set", Plain);
        }
        else if (CpuFeatures.HasVnni)
        {
            log.LogInformation(
                "The merged model computes in {Precision}: a linear layer of its shape runs at {Int8:0} GOP/s in int8 and at {PlainRate:0} in {Plain}",
                Merged, Rate(Precision.Int8, config), Rate(Plain, config), Plain);
        }
        else if (setting == "int8")
        {
            log.LogWarning("The merged model computes in {Precision} although int8 is set: this processor does not multiply bytes into sums of 32 bit (VNNI)", Plain);
        }
        else
        {
            log.LogInformation("The merged model computes in {Precision}, the best that this processor has", Plain);
        }
    }

    /// <summary>The best of a few products in the shape of an MLP, in 10⁹ operations a second.</summary>
    private double Rate(Precision precision, LlamaConfig config)
    {
        const int tokens = 128, maxChannels = 4096, attempts = 4;
        using var inference = inference_mode();
        using var scope = NewDisposeScope();
        var channels = Math.Min(maxChannels, 2 * config.IntermediateSize);
        using var weight = MergedWeight.Allocate(precision, channels, config.HiddenSize);
        weight.Write(0, ones(channels, config.HiddenSize)); // what is multiplied changes no time; random numbers would take longer than all the rest
        weight.Complete();
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

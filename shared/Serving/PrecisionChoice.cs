using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Serverless.Model;
using TorchSharp;
using static TorchSharp.torch;

namespace Serverless.Serving;

/// <summary>What this process computes in: as the setting says, or bf16 where the processor multiplies in it, and else fp32.</summary>
/// <param name="setting"><c>auto</c>, <c>fp32</c>, <c>bf16</c> or <c>int8</c>; see <see cref="ClassifierOptions.Precision"/>.</param>
internal sealed class PrecisionChoice(string setting, ILogger log)
{
    private Precision? merged;

    /// <summary>The type of everything that is not merged, and of what lies between the linears.</summary>
    public ScalarType ComputeType { get; } = setting switch
    {
        "fp32" => float32,
        "bf16" => bfloat16,
        _ => TorchRuntime.CpuType,
    };

    /// <summary>What merged weights are kept in. The first call measures, a few hundredths of a second on the model's thread, and logs.</summary>
    public Precision ForMerged(LlamaConfig config) => merged ??= Choose(config);

    private Precision Choose(LlamaConfig config)
    {
        var plain = ComputeType == bfloat16 ? Precision.Bf16 : Precision.Fp32;
        if (setting is "fp32" or "bf16")
        {
            log.LogInformation("The merged model computes in {Precision}, as set", plain);
            return plain;
        }

        if (!Processor.HasVnni)
        {
            if (setting == "int8")
            {
                log.LogWarning("The merged model computes in {Precision} although int8 is set: this processor does not multiply bytes into sums of 32 bit (VNNI)", plain);
            }
            else
            {
                log.LogInformation("The merged model computes in {Precision}, the best that this processor has", plain);
            }

            return plain;
        }

        // auto never picks int8, however fast: in the 1B shape its logits differ visibly (BENCHMARKS.md). The log says what it would gain.
        var (plainRate, int8Rate) = (Rate(plain, config), Rate(Precision.Int8, config));
        var chosen = setting == "int8" ? Precision.Int8 : plain;
        log.LogInformation(
            "The merged model computes in {Precision}: a linear layer of its shape ran at {Int8:0} GOP/s in int8 and at {PlainRate:0} in {Plain}", chosen, int8Rate, plainRate, plain);
        return chosen;
    }

    /// <summary>The best of a few products in the shape of an MLP, in 10⁹ operations a second.</summary>
    private double Rate(Precision precision, LlamaConfig config)
    {
        const int tokens = 128, mostChannels = 4096, attempts = 4;
        using var inference = inference_mode();
        using var scope = NewDisposeScope();
        var channels = Math.Min(mostChannels, 2 * config.IntermediateSize);
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

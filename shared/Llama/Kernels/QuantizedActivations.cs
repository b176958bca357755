using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using static TorchSharp.torch;

namespace Serverless.Llama.Kernels;

/// <summary>
/// Activations quantized to uint8 with one scale for each token, from its largest magnitude: value = (code − <see cref="ZeroPoint"/>) · scale.
/// Takes one pass, token by token in the processor's cache; libtorch's operations would take eight passes, a third of the product's time.
/// </summary>
/// <param name="Codes"><c>[tokens, width]</c>, uint8.</param>
/// <param name="Scales"><c>[tokens, 1]</c>, fp32 and exact in bf16, so that converting them to bf16 loses nothing.</param>
internal readonly record struct QuantizedActivations(Tensor Codes, Tensor Scales)
{
    public const int ZeroPoint = 128;
    private const int MaxCode = 127;

    /// <param name="x"><c>[tokens, width]</c>, bf16 or fp32.</param>
    public static QuantizedActivations Quantize(Tensor x)
    {
        using var rows = x.contiguous();
        var (tokens, width) = ((int)x.shape[0], (int)x.shape[1]);
        var result = new QuantizedActivations(empty(tokens, width, ScalarType.Byte), empty(tokens, 1, float32));
        var values = rows.bytes;
        var codes = result.Codes.bytes;
        var scales = MemoryMarshal.Cast<byte, float>(result.Scales.bytes);
        var wide = new float[width];
        for (var token = 0; token < tokens; token++)
        {
            if (x.dtype == ScalarType.BFloat16)
            {
                Widen(MemoryMarshal.Cast<byte, ushort>(values).Slice(token * width, width), wide);
            }
            else
            {
                MemoryMarshal.Cast<byte, float>(values).Slice(token * width, width).CopyTo(wide);
            }

            scales[token] = QuantizeToken(wide, codes.Slice(token * width, width));
        }

        return result;
    }

    /// <returns>The scale.</returns>
    private static float QuantizeToken(ReadOnlySpan<float> values, Span<byte> codes)
    {
        var scale = RoundUpToBf16(Math.Max(MaxMagnitude(values), 1e-10f) / MaxCode);
        var inverse = 1 / scale;
        const float half = ZeroPoint + 0.5f; // the conversion truncates, so adding a half rounds
        var i = 0;
        for (; i <= values.Length - Vector256<byte>.Count; i += Vector256<byte>.Count)
        {
            var four = values.Slice(i, Vector256<byte>.Count);
            var low = Vector256.Narrow(Four(four, 0), Four(four, 1));
            var high = Vector256.Narrow(Four(four, 2), Four(four, 3));
            Vector256.Narrow(low, high).CopyTo(codes[i..]);
        }

        for (; i < values.Length; i++)
        {
            codes[i] = (byte)(values[i] * inverse + half);
        }

        return scale;

        Vector256<uint> Four(ReadOnlySpan<float> span, int part) => Vector256.ConvertToInt32Native(
            Vector256.Create(span[(part * Vector256<float>.Count)..]) * inverse + Vector256.Create(half)).AsUInt32();
    }

    /// <summary>The largest magnitude, or NaN if any value is NaN, so that damaged weights stay visible in the scale.</summary>
    private static float MaxMagnitude(ReadOnlySpan<float> values)
    {
        var largest = Vector256<float>.Zero;
        var i = 0;
        for (; i <= values.Length - Vector256<float>.Count; i += Vector256<float>.Count)
        {
            largest = Vector256.Max(largest, Vector256.Abs(Vector256.Create(values[i..])));
        }

        var result = 0f;
        for (var lane = 0; lane < Vector256<float>.Count; lane++)
        {
            result = Math.Max(result, largest[lane]);
        }

        for (; i < values.Length; i++)
        {
            result = Math.Max(result, Math.Abs(values[i]));
        }

        return result;
    }

    /// <summary>Converts bf16 to fp32: bf16 is the upper half of fp32.</summary>
    private static void Widen(ReadOnlySpan<ushort> values, Span<float> wide)
    {
        var i = 0;
        for (; i <= values.Length - Vector256<ushort>.Count; i += Vector256<ushort>.Count)
        {
            var (lower, upper) = Vector256.Widen(Vector256.Create(values[i..]));
            (lower << 16).AsSingle().CopyTo(wide[i..]);
            (upper << 16).AsSingle().CopyTo(wide[(i + Vector256<float>.Count)..]);
        }

        for (; i < values.Length; i++)
        {
            wide[i] = BitConverter.UInt32BitsToSingle((uint)values[i] << 16);
        }
    }

    private static float RoundUpToBf16(float value) =>
        float.IsFinite(value) ? BitConverter.UInt32BitsToSingle((BitConverter.SingleToUInt32Bits(value) + 0xFFFF) & 0xFFFF0000) : value;
}

using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Serverless.Llama.Lora;

/// <summary>Dropout of LoRA inputs in training (Srivastava et al. 2014).</summary>
public abstract class LoraDropout
{
    /// <summary>Creates the fastest implementation for a device and a data type.</summary>
    /// <param name="device">Device of the inputs.</param>
    /// <param name="type">Data type of the inputs.</param>
    /// <param name="seed">Seed of the random numbers: the same seed and the same calls zero the same elements.</param>
    public static LoraDropout Create(Device device, ScalarType type, int seed) =>
        device.type == DeviceType.CPU && type is ScalarType.Float32 or ScalarType.BFloat16 ? new SeededDropout(seed) : CreateLibtorch(seed);

    /// <summary>libtorch's dropout with its global generator: one kernel on a GPU. On a CPU it draws number by number, a sixth of the training time.</summary>
    public static LoraDropout CreateLibtorch(int seed)
    {
        manual_seed(seed);
        return new LibtorchDropout();
    }

    /// <summary>Zeroes elements with a probability and scales the others by 1 / (1 − probability), so that the mean is kept.</summary>
    public abstract Tensor Apply(Tensor x, double probability);

    private sealed class LibtorchDropout : LoraDropout
    {
        public override Tensor Apply(Tensor x, double probability) => functional.dropout(x, probability, training: true);
    }

    private sealed class SeededDropout(int seed) : LoraDropout
    {
        private readonly Random seeds = new(seed);

        public override Tensor Apply(Tensor x, double probability)
        {
            var scales = empty_like(x);
            var scale = BitConverter.SingleToUInt32Bits((float)(1 / (1 - probability)));
            switch (x.dtype)
            {
                case ScalarType.Float32:
                    Fill(MemoryMarshal.Cast<byte, uint>(scales.bytes), (uint)(probability * uint.MaxValue), scale);
                    break;
                case ScalarType.BFloat16:
                    Fill(MemoryMarshal.Cast<byte, ushort>(scales.bytes), (ushort)Math.Round(probability * ushort.MaxValue), (ushort)((scale + 0x8000) >> 16));
                    break;
                default:
                    throw new NotSupportedException($"Dropout on a CPU supports fp32 and bf16, not {x.dtype}.");
            }

            return x * scales;
        }

        /// <summary>xorshift128 (Marsaglia 2003) in sixteen lanes; the bits are read as integers of type <typeparamref name="T"/>.</summary>
        private void Fill<T>(Span<T> scales, T dropped, T kept)
            where T : struct, IBinaryInteger<T>
        {
            var (x, y, z, w) = (Lanes(), Lanes(), Lanes(), Lanes());
            Vector512<T> Next()
            {
                var t = x ^ (x << 11);
                (x, y, z) = (y, z, w);
                w = w ^ (w >>> 19) ^ t ^ (t >>> 8);
                return Vector512.GreaterThanOrEqual(w.As<uint, T>(), Vector512.Create(dropped)) & Vector512.Create(kept);
            }

            var whole = scales.Length - (scales.Length % Vector512<T>.Count);
            for (var i = 0; i < whole; i += Vector512<T>.Count)
            {
                Next().CopyTo(scales[i..]);
            }

            for (var (i, last) = (whole, Next()); i < scales.Length; i++)
            {
                scales[i] = last[i - whole];
            }
        }

        private Vector512<uint> Lanes()
        {
            Span<uint> lanes = stackalloc uint[Vector512<uint>.Count];
            seeds.NextBytes(MemoryMarshal.AsBytes(lanes));
            return Vector512.Create<uint>(lanes);
        }
    }
}

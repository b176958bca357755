using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace Serverless.Llama.Kernels;

/// <summary>
/// oneDNN's linear layers with prepacked weights, which are in oneDNN's block layout. A plain product converts the whole weight to this
/// layout at each call: a fifth of the time at 64 tokens, a third in int8. libtorch has these operators for compiled models, and TorchSharp
/// does not expose them, so they are called through libtorch's C interface (torch/csrc/inductor/aoti_torch/c: shim.h, shim_cpu.h), which
/// takes TorchSharp's handles.
/// </summary>
internal static unsafe partial class OneDnn
{
    private const string Library = "libtorch_cpu";

    /// <summary>Packs a weight, <c>[out, in]</c>, bf16, for <see cref="Linear"/>.</summary>
    public static Tensor Pack(Tensor weight) => Call("mkldnn::_reorder_linear_weight", weight);

    /// <summary>Packs a weight, <c>[out, in]</c>, int8, for <see cref="LinearInt8"/>.</summary>
    public static Tensor PackInt8(Tensor weight) => Call("onednn::qlinear_prepack", weight);

    /// <summary>Computes x Wᵀ in bf16, <c>[tokens, out]</c>.</summary>
    public static Tensor Linear(Tensor x, Tensor packed)
    {
        Require(LinearPointwise(x.Handle, packed.Handle, null, "none", null, 0, null, out var y));
        return Tensor.UnsafeCreateTensor(y);
    }

    /// <summary>Computes (x − zeroPoint) Wᵀ with 32-bit sums, multiplied by the scales: <c>[tokens, out]</c>.</summary>
    /// <param name="x"><c>[tokens, in]</c>, uint8: the instructions multiply unsigned by signed bytes.</param>
    /// <param name="scale">The scale of x, <c>[1]</c>, fp32.</param>
    /// <param name="zeroPoint">The value of x that represents zero, <c>[1]</c>, int32.</param>
    /// <param name="packed">The weight, packed by <see cref="PackInt8"/>.</param>
    /// <param name="channelScales"><c>[out]</c>, fp32.</param>
    /// <param name="channelZeroPoints"><c>[out]</c>, int32; zeros.</param>
    /// <param name="type">Data type of the result: bf16 or fp32.</param>
    public static Tensor LinearInt8(
        Tensor x, Tensor scale, Tensor zeroPoint, Tensor packed, Tensor channelScales, Tensor channelZeroPoints, ScalarType type)
    {
        var resultType = (int)type;
        Require(QuantizedLinear(
            x.Handle, scale.Handle, zeroPoint.Handle, packed.Handle, channelScales.Handle, channelZeroPoints.Handle, null, 1, 0, &resultType,
            "none", null, 0, "", out var y));
        return Tensor.UnsafeCreateTensor(y);
    }

    /// <summary>
    /// Calls an operator with a tensor and an optional argument, which is omitted. The operator takes ownership of the handle on the stack and
    /// replaces it with the handle of its result.
    /// </summary>
    private static Tensor Call(string name, Tensor argument)
    {
        Require(NewHandle(argument.Handle, out var taken));
        var stack = stackalloc nint[2] { taken, 0 };
        Require(CallDispatcher(name, "", stack));
        return Tensor.UnsafeCreateTensor(stack[0]);
    }

    private static void Require(int status)
    {
        if (status != 0)
        {
            throw new InvalidOperationException("oneDNN could not compute a linear layer; libtorch wrote the reason to the standard error stream.");
        }
    }

    [LibraryImport(Library, EntryPoint = "aoti_torch_new_tensor_handle")]
    private static partial int NewHandle(nint tensor, out nint handle);

    [LibraryImport(Library, EntryPoint = "aoti_torch_call_dispatcher", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int CallDispatcher(string name, string overload, nint* stack);

    [LibraryImport(Library, EntryPoint = "aoti_torch_cpu__linear_pointwise", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int LinearPointwise(
        nint x, nint weight, nint* bias, string postOperation, double** arguments, long argumentCount, byte** algorithm, out nint y);

    [LibraryImport(Library, EntryPoint = "aoti_torch_cpu__qlinear_pointwise_tensor", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int QuantizedLinear(
        nint x, nint scale, nint zeroPoint, nint weight, nint channelScales, nint channelZeroPoints, nint* bias,
        double resultScale, long resultZeroPoint, int* resultType,
        string postOperation, double** arguments, long argumentCount, string algorithm, out nint y);
}

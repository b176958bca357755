using static TorchSharp.torch;

namespace Serverless.Llama.Files;

/// <summary>One tensor of a safetensors file: data type, shape, and the start and length of its data in bytes from the start of the file.</summary>
public sealed record SafetensorsEntry(ScalarType Type, long[] Shape, long Start, long Length);

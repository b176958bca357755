using System.Buffers.Binary;
using System.Text;
using Serverless.Llama.Files;
using static TorchSharp.torch;

namespace Serverless.UnitTests.Llama.Files;

public sealed class SafetensorsTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[12,16]}}""", 16, "gap")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8, "overlap")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 12, "12")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 4, "\"a\"")]
    [InlineData("""{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}""", 8, "needs 12 bytes")]
    [InlineData("""{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}""", 8, "negative")]
    [InlineData("""{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,8]}}""", 8, "overflow")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}""", 8, "\"a\"")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0]}}""", 8, "data_offsets")]
    [InlineData("""{"a":{"dtype":"F33","shape":[2],"data_offsets":[0,8]}}""", 8, "F33")]
    [InlineData("""{"a":{"shape":[2],"data_offsets":[0,8]}}""", 8, "needs dtype")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 8, "twice")]
    [InlineData("""{"__metadata__":{"format":1}}""", 0, "metadata")]
    [InlineData("""{"__metadata__":[]}""", 0, "metadata")]
    [InlineData("""[]""", 0, "'{'")]
    [InlineData(""" {}""", 0, "'{'")]
    [InlineData("""{"a":""", 0, "JSON")]
    public void A_header_that_breaks_the_format_is_refused(string header, int dataBytes, string reason)
    {
        var path = Write(Encoding.UTF8.GetBytes(header), (ulong)header.Length, dataBytes);

        var error = Assert.Throws<InvalidDataException>(() => SafetensorsFile.Open(path));

        Assert.StartsWith(path, error.Message, StringComparison.Ordinal);
        Assert.Contains(reason, error.Message, StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData(3UL)]
    [InlineData(100_000_001UL)]
    [InlineData(ulong.MaxValue)]
    public void A_header_length_that_the_file_cannot_hold_is_refused_without_an_allocation(ulong length)
    {
        var path = Write("{}"u8.ToArray(), length, 0);
        var before = GC.GetAllocatedBytesForCurrentThread();

        Assert.Throws<InvalidDataException>(() => SafetensorsFile.Open(path));

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }

    [Fact]
    public void A_header_that_is_not_UTF_8_is_refused()
    {
        var path = Write([(byte)'{', (byte)'"', 0xFF, (byte)'"', (byte)':', (byte)'{', (byte)'}', (byte)'}'], 8, 0);

        var error = Assert.Throws<InvalidDataException>(() => SafetensorsFile.Open(path));

        Assert.Contains("UTF-8", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Padding_scalars_empty_tensors_and_unaligned_tensors_are_read()
    {
        const string Header =
            """{"byte":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"none":"""
            + """{"dtype":"F32","shape":[0,4],"data_offsets":[1,1]},"scalar":"""
            + """{"dtype":"F32","shape":[],"data_offsets":[1,5]}}   """;
        var path = Write(Encoding.UTF8.GetBytes(Header), (ulong)Header.Length, 0, [7, .. BitConverter.GetBytes(1.5f)]);
        using var scope = NewDisposeScope();

        using var file = SafetensorsFile.Open(path);

        Assert.Equal(7, file.Read("byte").item<byte>());
        Assert.Equal([0, 4], file.Read("none").shape);
        Assert.Equal(1.5f, file.Read("scalar").item<float>());
    }

    [Theory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.Float16)]
    [InlineData(ScalarType.BFloat16)]
    [InlineData(ScalarType.Int64)]
    public void What_is_written_is_read_back(ScalarType type)
    {
        using var scope = NewDisposeScope();
        var path = Path.Combine(folder.Path, "file.safetensors");
        var value = (randn(3, 5) * 10).to(type);

        SafetensorsWriter.Write(path, [("odd", zeros(3, ScalarType.Byte)), ("value", value)]);

        using var file = SafetensorsFile.Open(path);
        Assert.True(file.Read("value").eq(value).all().item<bool>());
        Assert.Equal("pt", file.Metadata["format"]);
    }

    [Fact]
    public void A_tensor_outlives_the_file_that_it_was_mapped_from()
    {
        using var scope = NewDisposeScope();
        var path = Path.Combine(folder.Path, "file.safetensors");
        SafetensorsWriter.Write(path, [("value", arange(1000, float32))]);

        Tensor value;
        using (var file = SafetensorsFile.Open(path))
        {
            value = file.Read("value");
        }

        File.Delete(path);
        Assert.Equal(499_500, value.sum().item<float>());
    }

    private string Write(byte[] header, ulong length, int dataBytes, byte[]? data = null)
    {
        var path = Path.Combine(folder.Path, "file.safetensors");
        var prefix = new byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(prefix, length);
        File.WriteAllBytes(path, [.. prefix, .. header, .. data ?? new byte[dataBytes]]);
        return path;
    }
}

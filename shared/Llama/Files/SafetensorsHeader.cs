using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using static TorchSharp.torch;

namespace Serverless.Llama.Files;

/// <summary>
/// The header of a safetensors file (https://github.com/huggingface/safetensors, section Format): 8 bytes of little-endian length N, N bytes
/// of JSON, then the tensors without gaps or overlaps. All requirements of the format are checked before any data is read.
/// </summary>
public sealed class SafetensorsHeader
{
    private const long MaxHeaderBytes = 100_000_000; // the format's limit

    private static readonly ScalarType[] Types =
    [
        ScalarType.Float64, ScalarType.Float32, ScalarType.Float16, ScalarType.BFloat16,
        ScalarType.Int64, ScalarType.Int32, ScalarType.Int16, ScalarType.Int8, ScalarType.Byte, ScalarType.Bool,
    ];

    private readonly string path;

    private SafetensorsHeader(string path)
    {
        this.path = path;
    }

    public Dictionary<string, SafetensorsEntry> Entries { get; } = new(StringComparer.Ordinal);

    public Dictionary<string, string> Metadata { get; } = new(StringComparer.Ordinal);

    /// <summary>The length of the file that was opened: the path may be a symbolic link, as in a Hugging Face cache.</summary>
    public long FileLength { get; private init; }

    /// <exception cref="InvalidDataException">The file is not valid safetensors; the message says why.</exception>
    public static SafetensorsHeader Read(string path)
    {
        using var file = File.OpenRead(path);
        var header = new SafetensorsHeader(path) { FileLength = file.Length };
        var json = header.ReadJson(file);
        try
        {
            using var document = JsonDocument.Parse(json.AsMemory(), new JsonDocumentOptions { MaxDepth = 8 });
            header.ReadEntries(document.RootElement, dataStart: 8 + json.Length, dataLength: file.Length - 8 - json.Length);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or FormatException or OverflowException)
        {
            throw header.Error($"the header is not the JSON that the format requires ({exception.Message})", exception);
        }

        return header;
    }

    internal static int BytesPerElement(ScalarType type) => type switch
    {
        ScalarType.Float64 or ScalarType.Int64 => 8,
        ScalarType.Float32 or ScalarType.Int32 => 4,
        ScalarType.Float16 or ScalarType.BFloat16 or ScalarType.Int16 => 2,
        ScalarType.Byte or ScalarType.Int8 or ScalarType.Bool => 1,
        _ => throw new ArgumentException($"Tensors of type {type} are not supported in safetensors files.", nameof(type)),
    };

    internal static string TypeName(ScalarType type) => type switch
    {
        ScalarType.Float64 => "F64",
        ScalarType.Float32 => "F32",
        ScalarType.Float16 => "F16",
        ScalarType.BFloat16 => "BF16",
        ScalarType.Int64 => "I64",
        ScalarType.Int32 => "I32",
        ScalarType.Int16 => "I16",
        ScalarType.Int8 => "I8",
        ScalarType.Byte => "U8",
        ScalarType.Bool => "BOOL",
        _ => throw new ArgumentException($"Tensors of type {type} are not supported in safetensors files.", nameof(type)),
    };

    private byte[] ReadJson(FileStream file)
    {
        Span<byte> prefix = stackalloc byte[8];
        if (file.Length < 8)
        {
            throw Error($"{file.Length} bytes are too few for a header");
        }

        file.ReadExactly(prefix);
        var length = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
        if (length > (ulong)Math.Min(MaxHeaderBytes, file.Length - 8))
        {
            throw Error($"the header claims {length} bytes; the file has {file.Length} and the format allows {MaxHeaderBytes}");
        }

        var json = new byte[length];
        file.ReadExactly(json);
        if (json is not [(byte)'{', ..])
        {
            throw Error("the header does not begin with '{'");
        }

        try
        {
            new UTF8Encoding(false, throwOnInvalidBytes: true).GetCharCount(json);
        }
        catch (DecoderFallbackException exception)
        {
            throw Error("the header is not UTF-8", exception);
        }

        return json;
    }

    private void ReadEntries(JsonElement root, long dataStart, long dataLength)
    {
        foreach (var property in root.EnumerateObject())
        {
            if (property.Name == "__metadata__")
            {
                ReadMetadata(property.Value);
            }
            else if (!Entries.TryAdd(property.Name, ReadEntry(property.Name, property.Value, dataStart, dataLength)))
            {
                throw Error($"tensor \"{property.Name}\" is in the header twice");
            }
        }

        var end = dataStart;
        foreach (var (name, entry) in Entries.OrderBy(entry => entry.Value.Start).ThenBy(entry => entry.Value.Length))
        {
            if (entry.Start != end)
            {
                throw Error($"tensor \"{name}\" begins at byte {entry.Start - dataStart} of the data, expected byte {end - dataStart}: a gap or an overlap");
            }

            end += entry.Length;
        }

        if (end != dataStart + dataLength)
        {
            throw Error($"the tensors take {end - dataStart} bytes, but the file holds {dataLength}");
        }
    }

    private void ReadMetadata(JsonElement metadata)
    {
        if (metadata.ValueKind != JsonValueKind.Object)
        {
            throw Error("__metadata__ is not an object");
        }

        foreach (var pair in metadata.EnumerateObject())
        {
            Metadata[pair.Name] = pair.Value.ValueKind == JsonValueKind.String
                ? pair.Value.GetString()!
                : throw Error($"__metadata__ \"{pair.Name}\" is not a string");
        }
    }

    private SafetensorsEntry ReadEntry(string name, JsonElement value, long dataStart, long dataLength)
    {
        if (!value.TryGetProperty("dtype", out var dtype) || !value.TryGetProperty("shape", out var sizes)
            || !value.TryGetProperty("data_offsets", out var offsets))
        {
            throw Error($"tensor \"{name}\" needs dtype, shape and data_offsets");
        }

        var type = ReadType(name, dtype);
        long[] shape = [.. sizes.EnumerateArray().Select(size => size.GetInt64())];
        if (offsets.GetArrayLength() != 2)
        {
            throw Error($"tensor \"{name}\" needs two data_offsets");
        }

        var (start, end) = (offsets[0].GetInt64(), offsets[1].GetInt64());
        if (start < 0 || end < start || end > dataLength)
        {
            throw Error($"tensor \"{name}\" has the bytes {start} to {end} of {dataLength}");
        }

        long bytes = BytesPerElement(type);
        foreach (var size in shape)
        {
            bytes = size >= 0 ? checked(bytes * size) : throw Error($"tensor \"{name}\" has a negative size");
        }

        return bytes == end - start
            ? new SafetensorsEntry(type, shape, dataStart + start, bytes)
            : throw Error($"tensor \"{name}\" of shape [{string.Join(", ", shape)}] needs {bytes} bytes, but has {end - start}");
    }

    private ScalarType ReadType(string name, JsonElement dtype)
    {
        var text = dtype.GetString();
        foreach (var type in Types)
        {
            if (TypeName(type) == text)
            {
                return type;
            }
        }

        throw Error($"tensor \"{name}\" has type \"{text}\"; supported are {string.Join(", ", Types.Select(TypeName))}");
    }

    private InvalidDataException Error(string problem, Exception? inner = null) => new($"{path}: {problem}.", inner);
}

using System.Buffers.Binary;
using System.Text.Json;
using static TorchSharp.torch;

namespace Serverless.Llama.Files;

/// <summary>Writes safetensors files in the order and alignment of the official library, so that every tensor can be memory-mapped.</summary>
public static class SafetensorsWriter
{
    /// <summary>Writes a temporary file, always with the same name, and renames it: a killed process leaves no partial file.</summary>
    public static void Write(string path, IEnumerable<(string Name, Tensor Value)> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        var sorted = tensors
            .OrderByDescending(entry => SafetensorsHeader.BytesPerElement(entry.Value.dtype))
            .ThenBy(entry => entry.Name, StringComparer.Ordinal)
            .ToArray();
        var temporary = $"{path}.tmp";
        using (var file = File.Create(temporary))
        {
            WriteHeader(file, sorted, metadata ?? new Dictionary<string, string> { ["format"] = "pt" });
            foreach (var (_, value) in sorted)
            {
                using var scope = NewDisposeScope();
                file.Write(value.detach().cpu().contiguous().bytes);
            }

            file.Flush(flushToDisk: true);
        }

        File.Move(temporary, path, overwrite: true);
    }

    private static void WriteHeader(FileStream file, (string Name, Tensor Value)[] tensors, IReadOnlyDictionary<string, string> metadata)
    {
        using var json = new MemoryStream();
        using (var writer = new Utf8JsonWriter(json))
        {
            writer.WriteStartObject();
            writer.WritePropertyName("__metadata__");
            JsonSerializer.Serialize(writer, metadata);
            var offset = 0L;
            foreach (var (name, value) in tensors)
            {
                var bytes = value.numel() * SafetensorsHeader.BytesPerElement(value.dtype);
                writer.WriteStartObject(name);
                writer.WriteString("dtype", SafetensorsHeader.TypeName(value.dtype));
                writer.WritePropertyName("shape");
                JsonSerializer.Serialize(writer, value.shape);
                writer.WritePropertyName("data_offsets");
                JsonSerializer.Serialize(writer, new[] { offset, offset + bytes });
                writer.WriteEndObject();
                offset += bytes;
            }

            writer.WriteEndObject();
        }

        while (json.Length % 8 != 0)
        {
            json.WriteByte((byte)' ');
        }

        Span<byte> length = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(length, (ulong)json.Length);
        file.Write(length);
        json.WriteTo(file);
    }
}

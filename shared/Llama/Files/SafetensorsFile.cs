using static TorchSharp.torch;

namespace Serverless.Llama.Files;

/// <summary>A memory-mapped safetensors file. Tensors are copy-on-write views of the mapping.</summary>
public sealed class SafetensorsFile : IDisposable
{
    private readonly string path;
    private readonly SafetensorsHeader header;
    private readonly Dictionary<ScalarType, Tensor> maps = [];

    private SafetensorsFile(string path, SafetensorsHeader header)
    {
        this.path = path;
        this.header = header;
    }

    public IReadOnlyDictionary<string, SafetensorsEntry> Entries => header.Entries;

    public IReadOnlyDictionary<string, string> Metadata => header.Metadata;

    /// <exception cref="InvalidDataException">The file is not valid safetensors; the message says why.</exception>
    public static SafetensorsFile Open(string path) => new(path, SafetensorsHeader.Read(path));

    /// <summary>Reads one tensor, on the CPU. The tensor keeps the mapping alive, so this file can be disposed before it.</summary>
    public Tensor Read(string name)
    {
        var entry = header.Entries[name];
        using var scope = NewDisposeScope();
        var width = SafetensorsHeader.BytesPerElement(entry.Type);
        if (entry.Length == 0)
        {
            return empty(entry.Shape, entry.Type).MoveToOuterDisposeScope();
        }

        if (entry.Start % width == 0)
        {
            return Map(entry.Type, width).narrow(0, entry.Start / width, entry.Length / width).view(entry.Shape).MoveToOuterDisposeScope();
        }

        // The format does not require alignment: an unaligned tensor is copied.
        var copy = empty(entry.Shape, entry.Type);
        using var file = File.OpenRead(path);
        file.Position = entry.Start;
        file.ReadExactly(copy.bytes);
        return copy.MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
        foreach (var map in maps.Values)
        {
            map.Dispose();
        }

        maps.Clear();
    }

    private Tensor Map(ScalarType type, int width)
    {
        if (!maps.TryGetValue(type, out var map))
        {
            map = from_file(path, shared: false, size: header.FileLength / width, dtype: type).DetachFromDisposeScope();
            maps.Add(type, map);
        }

        return map;
    }
}

using System.Text;

namespace Serverless.Testing;

/// <summary>A new folder, deleted when the test ends.</summary>
public sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("serverless-").FullName;

    /// <returns>The path of a file in the folder.</returns>
    public string File(string name) => System.IO.Path.Combine(Path, name);

    /// <inheritdoc cref="File(string, byte[])"/>
    public string File(string name, string content) => File(name, Encoding.UTF8.GetBytes(content));

    /// <summary>Writes a file, and the folders that it lies in.</summary>
    /// <returns>Its path.</returns>
    public string File(string name, byte[] content)
    {
        var path = File(name);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        System.IO.File.WriteAllBytes(path, content);
        return path;
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}

namespace Serverless.Storage;

/// <summary>Local files that are deleted when they are closed.</summary>
public static class TemporaryFile
{
    /// <summary>Creates an empty file to write and read.</summary>
    public static FileStream Create() => new(
        Path.Combine(Path.GetTempPath(), Path.GetRandomFileName()),
        FileMode.CreateNew,
        FileAccess.ReadWrite,
        FileShare.None,
        bufferSize: 64 * 1024,
        FileOptions.DeleteOnClose | FileOptions.Asynchronous);
}

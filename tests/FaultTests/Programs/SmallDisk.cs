using System.Diagnostics;

namespace Serverless.FaultTests.Programs;

/// <summary>A file system in memory that is small, full or read-only. Only root can mount it.</summary>
internal sealed class SmallDisk : IDisposable
{
    private SmallDisk(string path) => Path = path;

    public string Path { get; }

    /// <param name="options">Options of tmpfs, such as <c>size=1m</c>.</param>
    /// <returns>Null where mounting is not allowed.</returns>
    public static SmallDisk? TryMount(string options)
    {
        var path = Directory.CreateTempSubdirectory("serverless-disk-").FullName;
        if (Run("mount", "-t", "tmpfs", "-o", options, "tmpfs", path))
        {
            return new SmallDisk(path);
        }

        Directory.Delete(path);
        return null;
    }

    public void Remount(string options) => Assert.True(Run("mount", "-o", $"remount,{options}", Path), $"remount {options}");

    public void Dispose()
    {
        Run("umount", "--lazy", Path);
        Directory.Delete(Path);
    }

    private static bool Run(string command, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(command, arguments) { RedirectStandardError = true })!;
        process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0;
    }
}

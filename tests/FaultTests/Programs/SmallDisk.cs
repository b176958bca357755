using System.Diagnostics;

namespace Serverless.FaultTests.Programs;

/// <summary>A file system of its own in memory, that is small, full or read-only as a test needs it. Only root can mount one.</summary>
internal sealed class SmallDisk : IDisposable
{
    private SmallDisk(string path) => Path = path;

    public string Path { get; }

    /// <param name="options">Of tmpfs, such as <c>size=1m</c>.</param>
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

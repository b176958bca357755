using System.Diagnostics;
using Serverless.Benchmarks.Report;

namespace Serverless.Benchmarks.Serving;

/// <summary>The function host as the image has it, compiled ahead of time: <c>dotnet run</c> starts one that is compiled while it runs.</summary>
internal static class PublishedHost
{
    /// <summary>Publishes the host of this machine, which stands in for Azure's, by the settings of the functions' image.</summary>
    /// <param name="folder">Overwritten.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>The program's file.</returns>
    public static async Task<string> PublishAsync(string folder, CancellationToken cancellationToken)
    {
        var project = Path.Combine(Repository.Root, "infra", "local", "Local.csproj");
        string[] arguments = ["publish", project, "-c", "Release", "-r", "linux-x64", "--no-self-contained", "-o", folder, "-v", "quiet", "--nologo"];
        using var publish = Process.Start("dotnet", arguments);
        await publish.WaitForExitAsync(cancellationToken);
        return publish.ExitCode == 0
            ? Path.Combine(folder, "Serverless.Local.dll")
            : throw new InvalidOperationException($"{project} could not be published; the message stands above.");
    }
}

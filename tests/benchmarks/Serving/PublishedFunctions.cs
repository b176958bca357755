using System.Diagnostics;

namespace Serverless.Benchmarks.Serving;

/// <summary>The function app as the image has it, compiled ahead of time: what <c>dotnet build</c> makes is compiled while it runs.</summary>
internal static class PublishedFunctions
{
    /// <summary>Publishes the function app by the settings of its image.</summary>
    /// <param name="folder">Overwritten.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>The folder.</returns>
    public static async Task<string> PublishAsync(string folder, CancellationToken cancellationToken)
    {
        var project = Repository.PathOf("functions/Functions.csproj");
        string[] arguments = ["publish", project, "-c", "Release", "-r", "linux-x64", "--no-self-contained", "-o", folder, "-v", "quiet", "--nologo"];
        using var publish = Process.Start("dotnet", arguments);
        await publish.WaitForExitAsync(cancellationToken);
        return publish.ExitCode == 0
            ? folder
            : throw new InvalidOperationException($"{project} could not be published; the message stands above.");
    }
}

using System.Diagnostics;

namespace Serverless.Benchmarks.Serving;

/// <summary>The function app as in the image: compiled ahead of time, while the output of <c>dotnet build</c> is compiled at run time.</summary>
internal static class PublishedFunctions
{
    /// <summary>Publishes the function app with the settings of its image.</summary>
    /// <param name="folder">Overwritten.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <returns>The folder.</returns>
    public static async Task<string> PublishAsync(string folder, CancellationToken cancellationToken)
    {
        var project = Repository.PathOf("functions/Functions.csproj");
        string[] arguments = ["publish", project, "-c", "Release", "-r", "linux-x64", "--no-self-contained", "-o", folder, "-v", "quiet", "--nologo"];
        using var publish = Process.Start("dotnet", arguments);
        await publish.WaitForExitAsync(cancellationToken);
        return publish.ExitCode == 0
            ? folder
            : throw new InvalidOperationException($"{project} could not be published; see the message above.");
    }
}

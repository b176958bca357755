using System.Net;

namespace Serverless.Local.Processes;

/// <summary>The Functions host as a child process: the subcommand <c>functions</c> of this program.</summary>
internal static class FunctionsProcess
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(60);

    /// <param name="folder">The folder of the models and of the log.</param>
    /// <param name="endpoints">The ports of storage and of the functions.</param>
    /// <param name="keys">Whether HTTP callers need a key.</param>
    /// <param name="listener">Receives each line of output.</param>
    /// <param name="cancellationToken">Cancels the start.</param>
    /// <param name="app">The folder of a published function app; null for the one that was built with this program.</param>
    public static async Task<ChildProcess> StartAsync(
        LocalFolder folder, Endpoints endpoints, bool keys, Action<string> listener, CancellationToken cancellationToken, string? app = null)
    {
        List<string> command = ["dotnet", typeof(FunctionsProcess).Assembly.Location, "functions", "--port", $"{endpoints.Http}", "--until-input-ends"];
        if (keys)
        {
            command.AddRange(["--keys", folder.Root]);
        }

        if (app is not null)
        {
            command.AddRange(["--app", app]);
        }

        var functions = ChildProcess.Start("functions", command, ProgramSettings.From(folder, endpoints), folder.LogFile("functions"), listener);
        try
        {
            await WaitForHealthAsync(functions, folder, endpoints, cancellationToken);
            return functions;
        }
        catch
        {
            await functions.DisposeAsync();
            throw;
        }
    }

    private static async Task WaitForHealthAsync(ChildProcess functions, LocalFolder folder, Endpoints endpoints, CancellationToken cancellationToken)
    {
        using var http = new HttpClient { BaseAddress = endpoints.Api };
        var started = TimeProvider.System.GetTimestamp();
        while (true)
        {
            try
            {
                using var response = await http.GetAsync(new Uri("health", UriKind.Relative), cancellationToken);
                if (response.StatusCode == HttpStatusCode.OK)
                {
                    return;
                }
            }
            catch (HttpRequestException)
            {
                // Not listening yet.
            }

            if (functions.HasExited || TimeProvider.System.GetElapsedTime(started) > Timeout)
            {
                throw new LocalSystemException($"The functions did not start: see {folder.LogFile("functions")}.");
            }

            await Task.Delay(100, cancellationToken);
        }
    }
}

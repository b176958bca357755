using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;

namespace Serverless.FaultTests.Programs;

/// <summary>The local Functions host as a process, with its worker process.</summary>
internal sealed class FunctionsProgram : IAsyncDisposable
{
    private FunctionsProgram(RunningProgram program, int port)
    {
        Program = program;
        Http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}/api/"), Timeout = TimeSpan.FromMinutes(3) };
    }

    public RunningProgram Program { get; }

    public HttpClient Http { get; }

    /// <summary>The id of the worker process, which runs the functions; null while it restarts.</summary>
    public int? WorkerId => Program.Tree.Skip(1).Select(id => (int?)id).FirstOrDefault();

    /// <summary>SIGKILL for the worker only; the host starts another one.</summary>
    public async Task KillWorkerAsync()
    {
        int? id = null;
        await Eventually.TrueAsync(() => Task.FromResult((id = WorkerId) is not null), "a worker process");
        using var worker = Process.GetProcessById(id!.Value);
        worker.Kill();
        await worker.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    /// <param name="environment">Environment variables: the storage account and shortened times.</param>
    /// <param name="options">More options of the subcommand <c>functions</c>.</param>
    public static FunctionsProgram Start(IReadOnlyDictionary<string, string> environment, params IEnumerable<string> options)
    {
        var port = FreePorts.Take(1)[0];
        return new FunctionsProgram(
            RunningProgram.Start(["dotnet", Repository.LocalSystem, "functions", "--port", $"{port}", "--until-input-ends", .. options], environment), port);
    }

    /// <summary>Waits until health responds, with any status.</summary>
    public async Task<FunctionsProgram> ListeningAsync()
    {
        await Eventually.TrueAsync(
            async () =>
            {
                Assert.False(Program.HasExited, Program.Output);
                try
                {
                    using var response = await Http.GetAsync(new Uri("health", UriKind.Relative));
                    return true;
                }
                catch (HttpRequestException)
                {
                    return false;
                }
            },
            "the functions");
        return this;
    }

    /// <summary>Waits until the model is loaded.</summary>
    public async Task<FunctionsProgram> ReadyAsync()
    {
        await ListeningAsync();
        await Eventually.TrueAsync(async () => (await PostAsync("classify", """{"text":"warm"}""")).Status == HttpStatusCode.OK, "a model that is ready");
        return this;
    }

    /// <returns>Status and body.</returns>
    public async Task<(HttpStatusCode Status, string Body)> PostAsync(string path, string body, string contentType = "application/json")
    {
        using var response = await Http.PostAsync(
            new Uri(path, UriKind.Relative), new StringContent(body, new MediaTypeHeaderValue(contentType)), TestContext.Current.CancellationToken);
        return (response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    /// <returns>Status and body.</returns>
    public async Task<(HttpStatusCode Status, string Body)> GetAsync(string path)
    {
        using var response = await Http.GetAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken);
        return (response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await Program.DisposeAsync();
    }
}

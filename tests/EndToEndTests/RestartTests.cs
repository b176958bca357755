using System.Text.Json;
using Azure.Storage.Blobs.Models;
using Serverless.Storage;

namespace Serverless.EndToEndTests;

public sealed class RestartTests
{
    private const string Science = "The probe sent back pictures of the comet that astronomers will study for years.";

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_second_start_finds_its_results_and_its_model()
    {
        await using var system = await RunningSystem.StartAsync();
        await system.SendAsync(Message("before"));
        var before = await system.ResultAsync("before");

        var exitCode = await system.StopAsync();
        await system.StartAgainAsync();
        await system.SendAsync(Message("after"));

        Assert.Equal(0, exitCode);
        Assert.Equal(before.CompletedAt, (await system.ResultAsync("before")).CompletedAt);
        Assert.Equal("Sci/Tech", (await system.ResultAsync("after")).Label);
        Assert.Single(await VersionsAsync(system));
    }

    [Fact]
    public async Task Ctrl_C_stops_everything_that_was_started()
    {
        await using var system = await RunningSystem.StartAsync();
        var started = ProcessesWith(system.Folder);

        await system.StopAsync();

        Assert.NotEmpty(started);
        Assert.Empty(ProcessesWith(system.Folder));
    }

    [Fact]
    public async Task A_crash_leaves_no_process_and_the_next_start_finds_the_data()
    {
        await using var system = await RunningSystem.StartAsync();
        await system.SendAsync(Message("kept"));
        await system.ResultAsync("kept");

        await system.CrashAsync();
        await Eventually.TrueAsync(() => Task.FromResult(ProcessesWith(system.Folder).Count == 0), "the end of all processes");
        await system.StartAgainAsync();

        Assert.Equal("Sci/Tech", (await system.ResultAsync("kept")).Label);
    }

    [Fact]
    public async Task A_port_or_a_folder_that_is_in_use_ends_the_start_with_an_error()
    {
        await using var system = await RunningSystem.StartAsync();
        var other = Directory.CreateTempSubdirectory("serverless-").FullName;

        var (portCode, port) = await LocalProgram.RunAsync(
            "up", "--data", other, "--port", $"{system.Port}", "--blob-port", "0", "--queue-port", "0", "--table-port", "0");
        var (folderCode, folder) = await LocalProgram.RunAsync("up", "--data", system.Folder, "--port", "0");

        Assert.Equal(1, portCode);
        Assert.Equal(
            $"Port {system.Port} for the functions is in use by another program: stop that program, "
            + "or choose another port with --port (0 for any free port).",
            port.Trim());
        Assert.Equal(1, folderCode);
        Assert.StartsWith("The local system is already running", folder, StringComparison.Ordinal);
        Directory.Delete(other, recursive: true);
    }

    [Fact]
    public async Task The_commands_send_an_article_and_show_its_result()
    {
        await using var system = await RunningSystem.StartAsync();

        var (sendCode, _) = await LocalProgram.RunAsync("send", Science, "--id", "sent", "--data", system.Folder);
        var (resultCode, result) = await LocalProgram.RunAsync("result", "sent", "--data", system.Folder);
        var (connectionCode, connection) = await LocalProgram.RunAsync("connection", "--data", system.Folder);
        var (missingCode, missing) = await LocalProgram.RunAsync("result", "unknown", "--wait", "0", "--data", system.Folder);

        Assert.Equal(0, sendCode);
        Assert.Equal(0, resultCode);
        Assert.Equal("Sci/Tech", JsonDocument.Parse(result).RootElement.GetProperty("label").GetString());
        Assert.Equal(0, connectionCode);
        Assert.Equal(system.ConnectionString, connection.Trim());
        Assert.Equal(1, missingCode);
        Assert.Contains("No result was found for the article 'unknown'", missing, StringComparison.Ordinal);
    }

    private static string Message(string id) => JsonSerializer.Serialize(new { id, text = Science });

    private static async Task<IReadOnlyList<string>> VersionsAsync(RunningSystem system)
    {
        var versions = new List<string>();
        var folder = StorageNames.VersionsFolder("news");
        var container = system.Storage.Container(StorageNames.ModelsContainer);
        await foreach (var item in container.GetBlobsByHierarchyAsync(BlobTraits.None, BlobStates.None, "/", folder, CancellationToken))
        {
            if (item.IsPrefix)
            {
                versions.Add(item.Prefix);
            }
        }

        return versions;
    }

    /// <summary>The processes whose command line or environment contains a folder.</summary>
    private static List<string> ProcessesWith(string folder) =>
        [.. Directory.EnumerateDirectories("/proc").Where(process => int.TryParse(Path.GetFileName(process), out _) && Contains(process, folder))];

    private static bool Contains(string process, string folder)
    {
        try
        {
            return File.ReadAllText(Path.Combine(process, "cmdline")).Contains(folder, StringComparison.Ordinal)
                || File.ReadAllText(Path.Combine(process, "environ")).Contains(folder, StringComparison.Ordinal);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}

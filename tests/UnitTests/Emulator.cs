using System.Diagnostics;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;
using Serverless.Storage;

[assembly: AssemblyFixture(typeof(Serverless.UnitTests.Emulator))]

namespace Serverless.UnitTests;

/// <summary>
/// The real storage emulator, started by the first test that asks for it and shared by all. It takes free ports, keeps its data
/// in memory, and ends with the test process even if that is killed. Every caller gets a storage account of its own.
/// </summary>
public sealed partial class Emulator : IAsyncDisposable
{
    // Any Base64 will do as a key: the accounts exist on this machine, for the length of a test run.
    private const string Key = "c2VydmVybGVzcw==";
    private const int Accounts = 1000;

    // Loads the program named by the next argument, and ends when the parent's end of the pipe closes.
    private const string EndWithParent = "process.stdin.resume().on('end', () => process.exit()); require(process.argv[1])";

    private readonly Lazy<Task<int[]>> ports;
    private Process? process;
    private int lastAccount = -1;

    public Emulator() => ports = new(StartAsync);

    /// <summary>The root of the repository: the folder of the solution.</summary>
    public static string RepositoryRoot { get; } = FindRoot();

    /// <summary>A storage account that no one else uses, with all containers, queues and tables of the contract.</summary>
    public async Task<StorageClients> NewAccountAsync() => await PreparedAsync(await NewConnectionStringAsync());

    /// <summary>The clients of an account, with all containers, queues and tables of the contract.</summary>
    public static async Task<StorageClients> PreparedAsync(string connectionString)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([new(StorageNames.Connection, connectionString)]).Build();
        var storage = new StorageClients(configuration);
        await storage.CreateMissingAsync(TestContext.Current.CancellationToken);
        return storage;
    }

    /// <summary>The connection string of an empty storage account that no one else uses.</summary>
    public async Task<string> NewConnectionStringAsync()
    {
        var port = await ports.Value;
        var account = $"account{Interlocked.Increment(ref lastAccount) % Accounts}";
        return $"DefaultEndpointsProtocol=http;AccountName={account};AccountKey={Key};" +
            $"BlobEndpoint=http://127.0.0.1:{port[0]}/{account};QueueEndpoint=http://127.0.0.1:{port[1]}/{account};TableEndpoint=http://127.0.0.1:{port[2]}/{account};";
    }

    public async ValueTask DisposeAsync()
    {
        if (process is not null)
        {
            process.Kill();
            await process.WaitForExitAsync();
            process.Dispose();
        }
    }

    private async Task<int[]> StartAsync()
    {
        var program = Path.Combine(RepositoryRoot, "infra/local/emulator/node_modules/azurite/dist/src/azurite.js");
        Assert.True(File.Exists(program), "The storage emulator is not installed: run ./topics up once.");
        var start = new ProcessStartInfo("node")
        {
            ArgumentList =
            {
                "-e", EndWithParent, "--", program, "--silent", "--skipApiVersionCheck", "--disableTelemetry",
                "--inMemoryPersistence", "--extentMemoryLimit", "1024", "--blobPort", "0", "--queuePort", "0", "--tablePort", "0",
            },
            Environment = { ["AZURITE_ACCOUNTS"] = string.Join(';', Enumerable.Range(0, Accounts).Select(i => $"account{i}:{Key}")) },
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        process = Process.Start(start)!;

        var found = new List<int>();
        while (found.Count < 3)
        {
            var line = await process.StandardOutput.ReadLineAsync();
            Assert.True(line is not null, "The storage emulator ended before it listened; its message stands above.");
            if (Listening().Match(line) is { Success: true } match)
            {
                found.Add(int.Parse(match.Groups["port"].Value, null));
            }
        }

        // Whatever else it says is read too, so that a full pipe never stops it.
        _ = process.StandardOutput.BaseStream.CopyToAsync(Stream.Null);
        return [.. found];
    }

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Serverless.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new InvalidOperationException($"No folder above {AppContext.BaseDirectory} holds Serverless.sln.");
    }

    [GeneratedRegex(@"successfully listening at http://127\.0\.0\.1:(?<port>\d+)")]
    private static partial Regex Listening();
}

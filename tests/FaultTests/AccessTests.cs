using System.Globalization;
using System.Net;
using Serverless.Articles;
using Serverless.FaultTests.Checks;
using Serverless.FaultTests.Programs;
using Serverless.FaultTests.Report;
using Serverless.Storage;

namespace Serverless.FaultTests;

/// <summary>Which key a caller needs.</summary>
public sealed class AccessTests
{
    private static readonly string[] Levels = ["Anonymous", "Function", "Operator"];

    /// <summary>The lowest level that works, for every HTTP function. A new function is added here.</summary>
    private static readonly Dictionary<string, string> LowestLevels = new()
    {
        ["GET health"] = "Anonymous",
        ["GET status"] = "Function",
        ["GET ui/{file?}"] = "Anonymous",
        ["GET openapi.json"] = "Function",
        ["POST classify/{classifier?}"] = "Function",
        ["GET results/{classifier}"] = "Function",
        ["GET results/{classifier}/{*id}"] = "Function",
        ["GET models"] = "Function",
        ["GET models/{classifier}"] = "Function",
        ["GET models/{classifier}/{version}/files/{*file}"] = "Function",
        ["GET runs"] = "Function",
        ["GET failed/{classifier}"] = "Function",
        ["POST failed/{classifier}"] = "Function",
        ["GET review/{classifier}"] = "Function",
        ["POST review/{classifier}"] = "Function",
        ["POST review/{classifier}/{*id}"] = "Function",
        ["POST datasets/{classifier}"] = "Operator",
        ["POST models/{classifier}/{version}/promote"] = "Operator",
        ["PUT datasets/{classifier}/{file}"] = "Operator",
        ["POST datasets/{classifier}/{file}/upload"] = "Operator",
    };

    /// <summary>127.0.0.1 and ::1.</summary>
    private static readonly string[] Loopback = ["0100007F", "00000000000000000000000001000000"];

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public void Every_HTTP_function_declares_the_lowest_level_that_works() =>
        Assert.Equal(LowestLevels.OrderBy(each => each.Key), FunctionApp.HttpFunctions.Select(each => KeyValuePair.Create(each.Request, each.Level)).OrderBy(each => each.Key));

    [Fact]
    public async Task With_keys_every_function_rejects_callers_with_a_lower_level() => await ReliabilityReport.RecordAsync(
        "Requests without a key, with a wrong one, with the function key, with the operator key",
        $"{FunctionApp.HttpFunctions.Count} HTTP functions",
        "401 exactly where the function needs a higher level than the key has",
        async () =>
        {
            await using var installation = await Installation.StartAsync();
            await using var functions = await installation.StartFunctions("--keys", installation.Folder).ListeningAsync();
            var callers = new (string Level, string? Key)[]
            {
                ("Anonymous", null),
                ("Anonymous", "wrong"),
                ("Function", await File.ReadAllTextAsync(Path.Combine(installation.Folder, "function-key"), CancellationToken)),
                ("Operator", await File.ReadAllTextAsync(Path.Combine(installation.Folder, "operator-key"), CancellationToken)),
            };
            foreach (var (_, request, level) in FunctionApp.HttpFunctions)
            {
                foreach (var (has, key) in callers)
                {
                    var response = await RequestAsync(functions, request, key);
                    Assert.True((response == HttpStatusCode.Unauthorized) == (Array.IndexOf(Levels, has) < Array.IndexOf(Levels, level)), $"{request} with the {has} key {key}: {response}");
                }
            }

            return $"{FunctionApp.HttpFunctions.Count * callers.Length} requests, each with the expected status";
        });

    [Fact]
    public async Task The_local_system_listens_on_the_loopback_address_only()
    {
        await using var installation = await Installation.StartAsync();
        await using var functions = await installation.StartFunctions().ListeningAsync();

        var listening = functions.Program.Tree.Concat(installation.Emulator.Program.Tree).Select(Listening).ToArray();

        Assert.All(listening, Assert.NotEmpty);
        Assert.All(listening.SelectMany(addresses => addresses), address => Assert.Contains(address, Loopback));
    }

    [Fact]
    public async Task Logs_and_errors_contain_no_key_no_connection_string_and_no_article() => await ReliabilityReport.RecordAsync(
        "What programs write while storage fails",
        "functions and trainer, with failing and with working storage",
        "no account key, function key, connection string or text of an article in any output or response",
        async () =>
        {
            const string Secret = "Zanzibar quetzal marmalade";
            await using var installation = await Installation.StartAsync();
            await using var functions = await installation.StartFunctions("--keys", installation.Folder).ListeningAsync();
            var key = await File.ReadAllTextAsync(Path.Combine(installation.Folder, "function-key"), CancellationToken);
            functions.Http.DefaultRequestHeaders.Add("x-functions-key", key);
            await functions.ReadyAsync();
            var outputs = new List<string>();
            foreach (var faulty in new[] { false, true })
            {
                installation.Proxy.Faults = faulty ? new Faults.FaultPlan(Scale.Seed, rate: 1, TimeSpan.Zero) { Only = Faults.Fault.ServerError } : null;
                await installation.Storage.Queue(StorageNames.ArticlesQueue).SendMessageAsync(new ArticleMessage($"secret-{faulty}") { Text = Secret }.ToJson(), CancellationToken);
                await installation.Storage.Queue(StorageNames.ArticlesQueue).SendMessageAsync($"{{\"id\":\"broken-{faulty}\",\"text\":\"{Secret}", CancellationToken);
                outputs.Add((await functions.PostAsync("classify/other", $"{{\"text\":\"{Secret}\"}}")).Body);
                outputs.Add((await functions.PostAsync("classify", $"{{\"text\":\"{Secret}\"")).Body);
                await Articles.RequestTrainingAsync(installation.Storage, 0);
                await using var trainer = installation.StartTrainer();
                await trainer.WaitAsync();
                outputs.Add(trainer.Output);
            }

            installation.Proxy.Faults = null;
            await ResultsCheck.CompleteAsync(installation.Storage, ["secret-True"]);
            outputs.Add(functions.Program.Output);

            var accountKey = installation.Emulator.ConnectionString.Split("AccountKey=")[1].Split(';')[0];
            Assert.All(outputs, text => Assert.All(
                [accountKey, "AccountKey", "DefaultEndpointsProtocol", key, Secret],
                secret => Assert.DoesNotContain(secret, text, StringComparison.Ordinal)));
            return $"{outputs.Sum(text => text.Length)} characters written, no secret among them";
        });

    private static async Task<HttpStatusCode> RequestAsync(FunctionsProgram functions, string request, string? key)
    {
        var (verb, route) = (request.Split(' ')[0], request.Split(' ')[1]);
        var path = route.Replace("{classifier?}", "", StringComparison.Ordinal).Replace("{file?}", "", StringComparison.Ordinal)
            .Replace("{classifier}", "nowhere", StringComparison.Ordinal).Replace("{version}", "none", StringComparison.Ordinal)
            .Replace("{file}", "none.csv", StringComparison.Ordinal).Replace("{*file}", "none", StringComparison.Ordinal).Replace("{*id}", "none", StringComparison.Ordinal);
        using var message = new HttpRequestMessage(new HttpMethod(verb), new Uri(path, UriKind.Relative));
        message.Content = verb == "GET" ? null : new StringContent("");
        if (key is not null)
        {
            message.Headers.Add("x-functions-key", key);
        }

        using var response = await functions.Http.SendAsync(message, CancellationToken);
        return response.StatusCode;
    }

    /// <summary>The addresses on which a process listens, in hexadecimal as in /proc.</summary>
    private static IEnumerable<string> Listening(int process)
    {
        var sockets = Directory.EnumerateFileSystemEntries($"/proc/{process}/fd").Select(handle => new FileInfo(handle).LinkTarget ?? "").ToHashSet();
        return
            from table in new[] { "tcp", "tcp6" }
            from line in File.ReadLines($"/proc/{process}/net/{table}").Skip(1)
            let fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries)
            where int.Parse(fields[3], NumberStyles.HexNumber, CultureInfo.InvariantCulture) == 10 && sockets.Contains($"socket:[{fields[9]}]")
            select fields[1].Split(':')[0];
    }
}

using System.Globalization;
using System.Net;
using Serverless.Articles;
using Serverless.FaultTests.Checks;
using Serverless.FaultTests.Programs;
using Serverless.FaultTests.Report;
using Serverless.Storage;

namespace Serverless.FaultTests;

/// <summary>Who may do what.</summary>
public sealed class AccessTests
{
    private static readonly string[] Levels = ["Anonymous", "Function", "Admin"];

    /// <summary>The least level that works, for every HTTP function. Whoever adds one decides here.</summary>
    private static readonly Dictionary<string, string> Least = new()
    {
        ["GET health"] = "Anonymous",
        ["GET ui/{file?}"] = "Anonymous",
        ["GET openapi.json"] = "Function",
        ["POST classify/{classifier?}"] = "Function",
        ["GET results/{classifier}"] = "Function",
        ["GET results/{classifier}/{*id}"] = "Function",
        ["GET models"] = "Function",
        ["GET models/{classifier}"] = "Function",
        ["GET models/{classifier}/{version}/files/{*file}"] = "Function",
        ["GET runs"] = "Function",
        ["GET review/{classifier}"] = "Function",
        ["POST review/{classifier}/{*id}"] = "Function",
        ["POST datasets/{classifier}"] = "Admin",
        ["POST models/{classifier}/{version}/promote"] = "Admin",
        ["PUT datasets/{classifier}/{file}"] = "Admin",
    };

    /// <summary>127.0.0.1 and ::1.</summary>
    private static readonly string[] Loopback = ["0100007F", "00000000000000000000000001000000"];

    private static CancellationToken Ended => TestContext.Current.CancellationToken;

    [Fact]
    public void Every_http_function_asks_for_the_least_level_that_works() =>
        Assert.Equal(Least.OrderBy(each => each.Key), FunctionApp.HttpFunctions.Select(each => KeyValuePair.Create(each.Request, each.Level)).OrderBy(each => each.Key));

    [Fact]
    public async Task With_keys_every_function_turns_away_who_shows_less_than_it_asks_for() => await ReliabilityReport.RecordAsync(
        "Requests without a key, with a wrong one, with the function key, with the admin key",
        $"{FunctionApp.HttpFunctions.Count} HTTP functions",
        "401 exactly where the level of the function is higher than what was shown",
        async () =>
        {
            await using var installation = await Installation.StartAsync();
            await using var functions = await installation.StartFunctions("--keys", installation.Folder).AnswersAsync();
            var shown = new (string Level, string? Key)[]
            {
                ("Anonymous", null),
                ("Anonymous", "wrong"),
                ("Function", await File.ReadAllTextAsync(Path.Combine(installation.Folder, "function-key"), Ended)),
                ("Admin", await File.ReadAllTextAsync(Path.Combine(installation.Folder, "admin-key"), Ended)),
            };
            foreach (var (request, level) in FunctionApp.HttpFunctions)
            {
                foreach (var (has, key) in shown)
                {
                    var answer = await AskAsync(functions, request, key);
                    Assert.True((answer == HttpStatusCode.Unauthorized) == (Array.IndexOf(Levels, has) < Array.IndexOf(Levels, level)), $"{request} with the {has} key {key}: {answer}");
                }
            }

            return $"{FunctionApp.HttpFunctions.Count * shown.Length} requests, each answered as its level demands";
        });

    [Fact]
    public async Task The_local_system_listens_on_the_loopback_address_only()
    {
        await using var installation = await Installation.StartAsync();
        await using var functions = await installation.StartFunctions().AnswersAsync();

        var listening = functions.Program.Tree.Concat(installation.Emulator.Program.Tree).Select(Listening).ToArray();

        Assert.All(listening, Assert.NotEmpty);
        Assert.All(listening.SelectMany(addresses => addresses), address => Assert.Contains(address, Loopback));
    }

    [Fact]
    public async Task Logs_and_errors_hold_no_key_no_connection_string_and_no_article() => await ReliabilityReport.RecordAsync(
        "What programs write while storage fails",
        "functions and trainer, with every request refused and with good ones",
        "no account key, no function key, no connection string, no text of an article in any output or answer",
        async () =>
        {
            const string Secret = "Zanzibar quetzal marmalade";
            await using var installation = await Installation.StartAsync();
            await using var functions = await installation.StartFunctions("--keys", installation.Folder).AnswersAsync();
            var key = await File.ReadAllTextAsync(Path.Combine(installation.Folder, "function-key"), Ended);
            functions.Http.DefaultRequestHeaders.Add("x-functions-key", key);
            await functions.ReadyAsync();
            var answers = new List<string>();
            foreach (var faulty in new[] { false, true })
            {
                installation.Proxy.Faults = faulty ? new Faults.FaultPlan(Extent.Seed, rate: 1, TimeSpan.Zero) { Only = Faults.Fault.ServerError } : null;
                await installation.Storage.Queue(StorageNames.ArticlesQueue).SendMessageAsync(new ArticleMessage($"secret-{faulty}") { Text = Secret }.ToJson(), Ended);
                await installation.Storage.Queue(StorageNames.ArticlesQueue).SendMessageAsync($"{{\"id\":\"broken-{faulty}\",\"text\":\"{Secret}", Ended);
                answers.Add((await functions.PostAsync("classify/other", $"{{\"text\":\"{Secret}\"}}")).Body);
                answers.Add((await functions.PostAsync("classify", $"{{\"text\":\"{Secret}\"")).Body);
                await Articles.RequestTrainingAsync(installation.Storage, 0);
                await using var trainer = installation.StartTrainer();
                await trainer.WaitAsync();
                answers.Add(trainer.Output);
            }

            installation.Proxy.Faults = null;
            await ResultsCheck.CompleteAsync(installation.Storage, ["secret-True"]);
            answers.Add(functions.Program.Output);

            var accountKey = installation.Emulator.ConnectionString.Split("AccountKey=")[1].Split(';')[0];
            Assert.All(answers, text => Assert.All(
                [accountKey, "AccountKey", "DefaultEndpointsProtocol", key, Secret],
                secret => Assert.DoesNotContain(secret, text, StringComparison.Ordinal)));
            return $"{answers.Sum(text => text.Length)} characters written, none of them secret";
        });

    private static async Task<HttpStatusCode> AskAsync(FunctionsProgram functions, string request, string? key)
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

        using var answer = await functions.Http.SendAsync(message, Ended);
        return answer.StatusCode;
    }

    /// <summary>The addresses, in hexadecimal as the kernel writes them, on which a process listens.</summary>
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

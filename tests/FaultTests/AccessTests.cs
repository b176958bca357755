using System.Globalization;
using System.Net;
using System.Reflection;
using Microsoft.Azure.Functions.Worker;
using Serverless.FaultTests.Checks;
using Serverless.FaultTests.Programs;
using Serverless.FaultTests.Report;
using Serverless.Functions;
using Serverless.Storage;

namespace Serverless.FaultTests;

/// <summary>Who may do what.</summary>
public sealed class AccessTests
{
    /// <summary>The least level that works, for every HTTP function: a new one is to be thought about here.</summary>
    private static readonly Dictionary<string, AuthorizationLevel> Least = new()
    {
        ["GET health"] = AuthorizationLevel.Anonymous,
        ["GET ui/{file?}"] = AuthorizationLevel.Anonymous,
        ["GET openapi.json"] = AuthorizationLevel.Function,
        ["POST classify/{classifier?}"] = AuthorizationLevel.Function,
        ["GET results/{classifier}"] = AuthorizationLevel.Function,
        ["GET results/{classifier}/{*id}"] = AuthorizationLevel.Function,
        ["GET models"] = AuthorizationLevel.Function,
        ["GET models/{classifier}"] = AuthorizationLevel.Function,
        ["GET models/{classifier}/{version}/files/{*file}"] = AuthorizationLevel.Function,
        ["GET runs"] = AuthorizationLevel.Function,
        ["GET review/{classifier}"] = AuthorizationLevel.Function,
        ["POST review/{classifier}/{*id}"] = AuthorizationLevel.Function,
        ["POST datasets/{classifier}"] = AuthorizationLevel.Admin,
        ["POST models/{classifier}/{version}/promote"] = AuthorizationLevel.Admin,
        ["PUT datasets/{classifier}/{file}"] = AuthorizationLevel.Admin,
    };

    private static CancellationToken Ended => TestContext.Current.CancellationToken;

    [Fact]
    public void Every_http_function_asks_for_the_least_level_that_works() =>
        Assert.All(HttpTriggers(), trigger => Assert.Equal((trigger.Request, Least.GetValueOrDefault(trigger.Request, (AuthorizationLevel)(-1))), (trigger.Request, trigger.Level)));

    [Fact]
    public async Task With_keys_every_function_turns_away_who_shows_less_than_it_asks_for() => await ReliabilityReport.RecordAsync(
        "Requests without a key, with a wrong one, with the function key, with the admin key",
        $"{HttpTriggers().Count} HTTP functions",
        "401 exactly where the level of the function is higher than what was shown",
        async () =>
        {
            await using var installation = await Installation.StartAsync();
            await using var functions = await installation.StartFunctions("--keys", installation.Folder).AnswersAsync();
            var shown = new (AuthorizationLevel Level, string? Key)[]
            {
                (AuthorizationLevel.Anonymous, null),
                (AuthorizationLevel.Anonymous, "wrong"),
                (AuthorizationLevel.Function, await File.ReadAllTextAsync(Path.Combine(installation.Folder, "function-key"), Ended)),
                (AuthorizationLevel.Admin, await File.ReadAllTextAsync(Path.Combine(installation.Folder, "admin-key"), Ended)),
            };
            foreach (var (request, level) in HttpTriggers())
            {
                foreach (var (has, key) in shown)
                {
                    var answer = await AskAsync(functions, request, key);
                    Assert.True((answer == HttpStatusCode.Unauthorized) == (has < level), $"{request} with the {has} key {key}: {answer}");
                }
            }

            return $"{HttpTriggers().Count * shown.Length} requests, each answered as its level demands";
        });

    [Fact]
    public async Task The_local_system_listens_on_the_loopback_address_only()
    {
        await using var installation = await Installation.StartAsync();
        await using var functions = await installation.StartFunctions().AnswersAsync();

        var listening = Listening(functions.Program.Id).Concat(Listening(installation.Emulator.Program.Id)).ToArray();

        Assert.NotEmpty(listening);
        Assert.All(listening, address => Assert.Equal("0100007F", address));
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

    private static IReadOnlyList<(string Request, AuthorizationLevel Level)> HttpTriggers() =>
    [
        .. from type in typeof(Health).Assembly.GetExportedTypes()
           from method in type.GetMethods()
           from parameter in method.GetParameters()
           let trigger = parameter.GetCustomAttribute<HttpTriggerAttribute>()
           where trigger is not null
           from verb in trigger.Methods ?? ["get", "post"]
           select ($"{verb.ToUpperInvariant()} {trigger.Route}", trigger.AuthLevel),
    ];

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

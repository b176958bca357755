using System.Net.Http.Json;
using System.Text.Json;
using Azure.Storage.Queues;

namespace Serverless.EndToEndTests.Documentation;

/// <summary>The C# of README.md and docs/: each region is a code block there, word for word.</summary>
internal static class Examples
{
    public static async Task ClassifyOverHttpAsync()
    {
        #region classify-http
        using var http = new HttpClient { BaseAddress = new Uri("http://127.0.0.1:7071/api/") };
        using var response = await http.PostAsJsonAsync("classify", new { text = "Two goals in extra time won the final for Calder Rovers." });
        var prediction = await response.Content.ReadFromJsonAsync<JsonElement>();
        Console.WriteLine($"{prediction.GetProperty("label")} {prediction.GetProperty("score"):0.000}");
        #endregion
    }

    public static async Task SendToQueueAsync(string connectionString)
    {
        #region send-queue
        var queue = new QueueClient(connectionString, "articles", new QueueClientOptions { MessageEncoding = QueueMessageEncoding.Base64 });
        await queue.SendMessageAsync("""{"id":"match-2","text":"Two goals in extra time won the final for Calder Rovers."}""");
        #endregion
    }
}

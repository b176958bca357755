using System.Text.Json;
using Serverless.Articles;
using Serverless.Storage;
using Serverless.Training;

namespace Serverless.FaultTests;

/// <summary>Articles and data sets, made from the samples and a number.</summary>
internal static class Articles
{
    private static readonly JsonElement[] Samples =
        [.. File.ReadLines(Repository.Sample("articles.jsonl")).Select(line => JsonSerializer.Deserialize<JsonElement>(line))];

    private static readonly string[] Rows = [.. File.ReadLines(Repository.Sample("desk.csv")).Skip(1)];

    public static string Id(int number) => $"article/{number:D5}";

    public static string Text(int number) => $"{Samples[number % Samples.Length].GetProperty("text").GetString()} ({number})";

    public static async Task SendAsync(StorageClients storage, int number) =>
        await storage.Queue(StorageNames.ArticlesQueue).SendMessageAsync(new ArticleMessage(Id(number)) { Text = Text(number) }.ToJson(), TestContext.Current.CancellationToken);

    /// <summary>A small data set with five labels, different for each number.</summary>
    public static BinaryData DataSet(int number) => BinaryData.FromString(string.Join('\n', ["text,label", .. Rows.Skip(number % 20).Take(60)]));

    /// <summary>Uploads a data set and requests a training on it.</summary>
    public static Task<TrainingRequest> RequestTrainingAsync(StorageClients storage, int number, string classifier = "desk") =>
        RequestTrainingAsync(storage, $"{classifier}/{number:D3}.csv", DataSet(number));

    /// <summary>Uploads a file and requests a training on it.</summary>
    public static async Task<TrainingRequest> RequestTrainingAsync(StorageClients storage, string dataset, BinaryData content)
    {
        var uploaded = await storage.Container(StorageNames.DatasetsContainer).GetBlobClient(dataset).UploadAsync(content, overwrite: true, TestContext.Current.CancellationToken);
        var request = new TrainingRequest(dataset, uploaded.Value.ETag.ToString(), StorageNames.ParseClassifier(dataset)!, DateTimeOffset.UtcNow);
        await SendAsync(storage, request);
        return request;
    }

    public static async Task SendAsync(StorageClients storage, TrainingRequest request) =>
        await storage.Queue(StorageNames.TrainingRequestsQueue).SendMessageAsync(request.ToJson(), TestContext.Current.CancellationToken);
}

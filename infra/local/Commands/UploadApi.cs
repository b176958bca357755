using System.Text.Json;
using Serverless.Training;

namespace Serverless.Local.Commands;

/// <summary>Uploads a data set as any client does: asks the functions for a URL, and sends the file to it.</summary>
internal sealed class UploadApi : IDisposable
{
    private readonly HttpClient api;
    private readonly HttpClient storage = new() { Timeout = Timeout.InfiniteTimeSpan }; // a large file takes longer than 100 seconds

    public UploadApi(LocalFolder folder)
    {
        api = new HttpClient { BaseAddress = Endpoints.Read(folder).Api };
        if (File.Exists(folder.OperatorKeyFile))
        {
            api.DefaultRequestHeaders.Add("x-functions-key", File.ReadAllText(folder.OperatorKeyFile));
        }
    }

    /// <exception cref="LocalSystemException">The functions or storage did not accept it.</exception>
    public async Task UploadAsync(string classifier, FileInfo file, CancellationToken cancellationToken)
    {
        try
        {
            var upload = await GrantAsync(classifier, file.Name, cancellationToken);
            await using var content = file.OpenRead();
            using var request = new HttpRequestMessage(HttpMethod.Parse(upload.Method), upload.Url) { Content = new StreamContent(content) };
            foreach (var (name, value) in upload.Headers)
            {
                request.Headers.Add(name, value);
            }

            using var response = await storage.SendAsync(request, cancellationToken);
            await RequireSuccessAsync(response, "Storage", cancellationToken);
        }
        catch (HttpRequestException exception)
        {
            throw new LocalSystemException($"The system does not respond: {exception.Message}. Start it with ./topics up.");
        }
    }

    public void Dispose()
    {
        api.Dispose();
        storage.Dispose();
    }

    private async Task<DatasetUpload> GrantAsync(string classifier, string file, CancellationToken cancellationToken)
    {
        var path = $"datasets/{Uri.EscapeDataString(classifier)}/{Uri.EscapeDataString(file)}/upload";
        using var response = await api.PostAsync(new Uri(path, UriKind.Relative), content: null, cancellationToken);
        var body = await RequireSuccessAsync(response, "The functions", cancellationToken);
        return JsonSerializer.Deserialize<DatasetUpload>(body, JsonSerializerOptions.Web)!;
    }

    private static async Task<string> RequireSuccessAsync(HttpResponseMessage response, string who, CancellationToken cancellationToken)
    {
        var body = await response.Content.ReadAsStringAsync(cancellationToken);
        return response.IsSuccessStatusCode ? body : throw new LocalSystemException(Detail(body) ?? $"{who} responded with {(int)response.StatusCode}: {body}");
    }

    /// <summary>The sentence of a problem document; null if the body is not one.</summary>
    private static string? Detail(string body)
    {
        try
        {
            using var problem = JsonDocument.Parse(body);
            return problem.RootElement.GetProperty("detail").GetString();
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            return null;
        }
    }
}

using System.Net.Http.Json;
using System.Text.Json;
using Serverless.Local.Processes;

namespace Serverless.Local.Demo;

/// <summary>A client of the HTTP function that classifies.</summary>
internal sealed class ClassifyApi : IDisposable
{
    private readonly HttpClient http;

    public ClassifyApi(LocalSystem system)
    {
        http = new HttpClient { BaseAddress = system.Endpoints.Api };
        if (File.Exists(system.Folder.FunctionKeyFile))
        {
            http.DefaultRequestHeaders.Add("x-functions-key", File.ReadAllText(system.Folder.FunctionKeyFile));
        }
    }

    public async Task<JsonElement> ClassifyAsync(string classifier, SampleArticle article, CancellationToken cancellationToken)
    {
        var request = new { article.Title, article.Text };
        using var response = await http.PostAsJsonAsync($"classify/{classifier}", request, JsonSerializerOptions.Web, cancellationToken);
        var body = await response.Content.ReadAsStringAsync(cancellationToken);
        return response.IsSuccessStatusCode
            ? JsonSerializer.Deserialize<JsonElement>(body)
            : throw new LocalSystemException($"The function responded with {(int)response.StatusCode}: {body}");
    }

    /// <summary>Waits until the functions serve the version.</summary>
    public async Task WaitForVersionAsync(string classifier, string version, SampleArticle article, CancellationToken cancellationToken)
    {
        while ((await ClassifyAsync(classifier, article, cancellationToken)).GetProperty("modelVersion").GetString() != version)
        {
            await Task.Delay(250, cancellationToken);
        }
    }

    public void Dispose() => http.Dispose();
}

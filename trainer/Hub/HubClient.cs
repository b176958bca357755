using System.Net;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Serverless.Trainer.Hub;

/// <summary>
/// Client for the requests of the Hugging Face Hub API that a download needs (https://huggingface.co/docs/hub/api). It follows
/// redirects itself, so that the token is sent to the Hub only and never to the storage that the Hub redirects to.
/// </summary>
internal sealed class HubClient(HttpClient http, Uri endpoint, string? token)
{
    private const int MaxRedirects = 10;

    public Uri Endpoint => endpoint;

    /// <summary>Creates the HTTP client for this class: no automatic redirects and no timeout of its own.</summary>
    public static HttpClient CreateHttpClient() => new(new SocketsHttpHandler { AllowAutoRedirect = false, ConnectTimeout = TimeSpan.FromSeconds(30) })
    {
        Timeout = Timeout.InfiniteTimeSpan,
        DefaultRequestHeaders = { UserAgent = { new ProductInfoHeaderValue("serverless-trainer", "1.0") } },
    };

    /// <summary>Resolves a branch or tag to its commit, so that all files come from one commit.</summary>
    /// <exception cref="HubException">The repository or revision does not exist, or access is denied.</exception>
    public async Task<HubRepository> ResolveAsync(HubRepository repository, CancellationToken cancellationToken)
    {
        var address = new Uri(endpoint, $"{repository.ApiPath}/revision/{Uri.EscapeDataString(repository.Revision)}");
        using var response = await GetAsync(address, repository, from: 0, cancellationToken);
        var commit = await ReadAsync<Commit>(response, cancellationToken);
        return repository with { Revision = commit.Sha };
    }

    /// <summary>Lists all files of the repository.</summary>
    public async IAsyncEnumerable<HubFile> ListAsync(HubRepository repository, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var next = new Uri(endpoint, $"{repository.ApiPath}/tree/{Uri.EscapeDataString(repository.Revision)}?recursive=true");
        while (next is not null)
        {
            using var response = await GetAsync(next, repository, from: 0, cancellationToken);
            foreach (var entry in await ReadAsync<Entry[]>(response, cancellationToken))
            {
                if (entry.Type == "file")
                {
                    yield return new HubFile(entry.Path, entry.Lfs?.Size ?? entry.Size, entry.Oid, entry.Lfs?.Oid);
                }
            }

            next = NextPage(response);
        }
    }

    /// <summary>Requests a file from a byte offset on. The response starts there (206) or at the beginning of the file (200).</summary>
    public Task<HttpResponseMessage> OpenAsync(HubRepository repository, HubFile file, long from, CancellationToken cancellationToken)
    {
        var path = string.Join('/', file.Path.Split('/').Select(Uri.EscapeDataString));
        var address = new Uri(endpoint, $"{repository.PagePath}/resolve/{Uri.EscapeDataString(repository.Revision)}/{path}");
        return GetAsync(address, repository, from, cancellationToken);
    }

    private async Task<HttpResponseMessage> GetAsync(Uri address, HubRepository repository, long from, CancellationToken cancellationToken)
    {
        for (var redirect = 0; redirect <= MaxRedirects; redirect++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, address);
            if (token is not null && IsHub(address))
            {
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
            }

            if (from > 0)
            {
                request.Headers.Range = new RangeHeaderValue(from, null);
            }

            var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            if (response.IsSuccessStatusCode || response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable)
            {
                return response;
            }

            using (response)
            {
                address = response.Headers.Location is { } location && (int)response.StatusCode is >= 300 and < 400
                    ? new Uri(address, location)
                    : throw CreateException(response, repository);
            }
        }

        throw new HubException($"{address}: too many redirects.");
    }

    private Exception CreateException(HttpResponseMessage response, HubRepository repository) =>
        response.StatusCode is HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout || (int)response.StatusCode >= 500
            ? new HubBusyException(
                $"{response.RequestMessage!.RequestUri!.Host} returned {(int)response.StatusCode} {response.ReasonPhrase}",
                response.Headers.RetryAfter is { } after ? after.Delta ?? after.Date - DateTimeOffset.UtcNow : null)
            : HubException.FromResponse(response, repository, endpoint, token is not null);

    private bool IsHub(Uri address) => (address.Scheme, address.Authority) == (endpoint.Scheme, endpoint.Authority);

    private Uri? NextPage(HttpResponseMessage response) =>
        response.Headers.TryGetValues("Link", out var links) &&
        links.FirstOrDefault(link => link.Contains("rel=\"next\"", StringComparison.Ordinal)) is { } next
            ? new Uri(endpoint, next[(next.IndexOf('<', StringComparison.Ordinal) + 1)..next.IndexOf('>', StringComparison.Ordinal)])
            : null;

    private static async Task<T> ReadAsync<T>(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var address = response.RequestMessage!.RequestUri;
        try
        {
            return JsonSerializer.Deserialize<T>(await response.Content.ReadAsByteArrayAsync(cancellationToken), Json) ?? throw new JsonException("null");
        }
        catch (JsonException exception)
        {
            throw new HubException($"{address} did not return what the Hub API returns ({exception.Message}); check --endpoint (or HF_ENDPOINT).");
        }
    }

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { RespectRequiredConstructorParameters = true };

    private sealed record Commit(string Sha);

    private sealed record Entry(string Type, string Path, long Size, string Oid, [property: JsonPropertyName("lfs")] LargeFile? Lfs = null);

    private sealed record LargeFile(string Oid, long Size);
}

using System.Net;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Serverless.Trainer.Hub;

/// <summary>
/// The few requests of the Hugging Face hub that a download needs (https://huggingface.co/docs/hub/api). Redirects are followed
/// by hand: the token goes to the hub and never to the storage that it sends us to.
/// </summary>
internal sealed class HubClient(HttpClient http, Uri endpoint, string? token)
{
    private const int MaxRedirects = 10;

    public Uri Endpoint => endpoint;

    /// <summary>An HTTP client as this class needs it: without redirects or a time limit of its own.</summary>
    public static HttpClient CreateHttpClient() => new(new SocketsHttpHandler { AllowAutoRedirect = false, ConnectTimeout = TimeSpan.FromSeconds(30) })
    {
        Timeout = Timeout.InfiniteTimeSpan,
        DefaultRequestHeaders = { UserAgent = { new ProductInfoHeaderValue("serverless-trainer", "1.0") } },
    };

    /// <summary>Finds the commit behind a branch or tag, so that all files are of one state.</summary>
    /// <exception cref="HubException">There is no such repository or revision, or it may not be read.</exception>
    public async Task<HubRepository> ResolveAsync(HubRepository repository, CancellationToken cancellationToken)
    {
        using var response = await GetAsync(new Uri(endpoint, $"{repository.ApiPath}/revision/{Uri.EscapeDataString(repository.Revision)}"), repository, from: 0, cancellationToken);
        var commit = await ReadAsync<Commit>(response, cancellationToken);
        return repository with { Revision = commit.Sha };
    }

    /// <summary>Every file of the repository.</summary>
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

    /// <summary>Opens a file from a byte on; the answer says whether it begins there (206) or anew (200).</summary>
    public Task<HttpResponseMessage> OpenAsync(HubRepository repository, HubFile file, long from, CancellationToken cancellationToken)
    {
        var path = string.Join('/', file.Path.Split('/').Select(Uri.EscapeDataString));
        return GetAsync(new Uri(endpoint, $"{repository.PagePath}/resolve/{Uri.EscapeDataString(repository.Revision)}/{path}"), repository, from, cancellationToken);
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

        throw new HubException($"The hub redirects {address} without end.");
    }

    private Exception CreateException(HttpResponseMessage response, HubRepository repository) =>
        response.StatusCode is HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout || (int)response.StatusCode >= 500
            ? new HubBusyException(
                $"{response.RequestMessage!.RequestUri!.Host} answered {(int)response.StatusCode} {response.ReasonPhrase}",
                response.Headers.RetryAfter is { } after ? after.Delta ?? after.Date - DateTimeOffset.UtcNow : null)
            : HubException.FromResponse(response, repository, endpoint, token is not null);

    private bool IsHub(Uri address) => (address.Scheme, address.Authority) == (endpoint.Scheme, endpoint.Authority);

    private Uri? NextPage(HttpResponseMessage response) =>
        response.Headers.TryGetValues("Link", out var links) && links.FirstOrDefault(link => link.Contains("rel=\"next\"", StringComparison.Ordinal)) is { } next
            ? new Uri(endpoint, next[(next.IndexOf('<', StringComparison.Ordinal) + 1)..next.IndexOf('>', StringComparison.Ordinal)])
            : null;

    private static async Task<T> ReadAsync<T>(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var address = response.RequestMessage!.RequestUri;
        try
        {
            return JsonSerializer.Deserialize<T>(await response.Content.ReadAsByteArrayAsync(cancellationToken), Json) ?? throw new JsonException("nothing");
        }
        catch (JsonException exception)
        {
            throw new HubException($"{address} did not answer as the hub does ({exception.Message}); is --endpoint (or HF_ENDPOINT) right?");
        }
    }

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { RespectRequiredConstructorParameters = true };

    private sealed record Commit(string Sha);

    private sealed record Entry(string Type, string Path, long Size, string Oid, [property: JsonPropertyName("lfs")] LargeFile? Lfs = null);

    private sealed record LargeFile(string Oid, long Size);
}

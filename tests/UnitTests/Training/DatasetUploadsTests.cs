using System.Net;
using System.Web;
using Serverless.Storage;
using Serverless.Training;

namespace Serverless.UnitTests.Training;

public sealed class DatasetUploadsTests(Emulator emulator)
{
    private const string Rows = "text,label\nTwo goals,Sports\n";

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("2026-11.csv")]
    [InlineData("zwölf #1 & 100%.csv")]
    public async Task A_data_set_is_created_and_replaced_with_the_granted_URL(string file)
    {
        var storage = await emulator.NewAccountAsync();
        var upload = await new DatasetUploads(storage, TimeProvider.System).GrantAsync("news", file, CancellationToken);

        var created = await SendAsync(upload, new Uri(upload.Url), "text,label\n");
        var replaced = await SendAsync(upload, new Uri(upload.Url), Rows);
        var stored = await storage.Container(StorageNames.DatasetsContainer).GetBlobClient($"news/{file}").DownloadContentAsync(CancellationToken);

        Assert.Equal((HttpStatusCode.Created, HttpStatusCode.Created), (created, replaced));
        Assert.Equal(Rows, stored.Value.Content.ToString());
    }

    [Fact]
    public async Task The_granted_URL_neither_reads_nor_deletes_nor_lists_nor_writes_another_blob()
    {
        var storage = await emulator.NewAccountAsync();
        var upload = await new DatasetUploads(storage, TimeProvider.System).GrantAsync("news", "2026-11.csv", CancellationToken);
        await SendAsync(upload, new Uri(upload.Url), Rows);

        var other = await SendAsync(upload, new Uri(upload.Url.Replace("2026-11.csv", "2026-12.csv", StringComparison.Ordinal)), Rows);
        using var http = new HttpClient();
        using var read = await http.GetAsync(new Uri(upload.Url), CancellationToken);
        using var deleted = await http.DeleteAsync(new Uri(upload.Url), CancellationToken);
        using var listed = await http.GetAsync(new Uri(upload.Url.Replace("/news/2026-11.csv?", "?restype=container&comp=list&", StringComparison.Ordinal)), CancellationToken);

        Assert.All([other, read.StatusCode, deleted.StatusCode, listed.StatusCode], status => Assert.Equal(HttpStatusCode.Forbidden, status));
    }

    [Fact]
    public async Task The_permission_is_for_one_blob_and_half_an_hour()
    {
        var storage = await emulator.NewAccountAsync();
        var halfAnHourAhead = TimeProvider.System.GetUtcNow().AddMinutes(30);

        var upload = await new DatasetUploads(storage, TimeProvider.System).GrantAsync("news", "2026-11.csv", CancellationToken);
        var query = HttpUtility.ParseQueryString(new Uri(upload.Url).Query);

        Assert.Equal(halfAnHourAhead.UtcDateTime, upload.ExpiresAt.UtcDateTime, TimeSpan.FromMinutes(1));
        Assert.Equal(("b", "cw"), (query["sr"], query["sp"]));
        Assert.Equal(upload.ExpiresAt.UtcDateTime, DateTimeOffset.Parse(query["se"]!, null).UtcDateTime, TimeSpan.FromSeconds(1));
    }

    private static async Task<HttpStatusCode> SendAsync(DatasetUpload upload, Uri url, string content)
    {
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Parse(upload.Method), url) { Content = new StringContent(content) };
        foreach (var (name, value) in upload.Headers)
        {
            request.Headers.Add(name, value);
        }

        using var response = await http.SendAsync(request, CancellationToken);
        return response.StatusCode;
    }
}

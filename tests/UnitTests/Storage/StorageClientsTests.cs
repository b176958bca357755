using Microsoft.Extensions.Configuration;
using Serverless.Storage;

namespace Serverless.UnitTests.Storage;

public class StorageClientsTests
{
    [Fact]
    public void Service_addresses_with_an_identity_need_no_key()
    {
        var storage = new StorageClients(Configuration(
            new("Storage:blobServiceUri", "https://acme.blob.core.windows.net"),
            new("Storage:queueServiceUri", "https://acme.queue.core.windows.net"),
            new("Storage:tableServiceUri", "https://acme.table.core.windows.net"),
            new("Storage:clientId", "00000000-0000-0000-0000-000000000000")));

        Assert.Equal("https://acme.blob.core.windows.net/models", storage.Container("models").Uri.ToString());
        Assert.Equal("https://acme.queue.core.windows.net/articles", storage.Queue("articles").Uri.ToString());
        Assert.Equal("acme", storage.Table("recent").AccountName);
    }

    [Fact]
    public void A_missing_setting_is_named()
    {
        Assert.Contains("set Storage to a connection string", Error());
        Assert.Contains("Storage__queueServiceUri", Error(new KeyValuePair<string, string?>("Storage:blobServiceUri", "https://acme.blob.core.windows.net")));
        Assert.Contains("Found 'acme'", Error(new KeyValuePair<string, string?>("Storage:blobServiceUri", "acme")));
    }

    private static string Error(params KeyValuePair<string, string?>[] settings) =>
        Assert.Throws<UserException>(() => new StorageClients(Configuration(settings))).Message;

    private static IConfiguration Configuration(params KeyValuePair<string, string?>[] settings) =>
        new ConfigurationBuilder().AddInMemoryCollection(settings).Build();
}

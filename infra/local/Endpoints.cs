using System.Text.Json;

namespace Serverless.Local;

/// <summary>The ports of the running system on 127.0.0.1, stored in the data folder for the other subcommands.</summary>
internal sealed record Endpoints(int Blobs, int Queues, int Tables, int Http)
{
    // The emulator's default account and its key are public: they are the same on every machine.
    private const string Account = "devstoreaccount1";
    private const string Key = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

    public string ConnectionString =>
        $"DefaultEndpointsProtocol=http;AccountName={Account};AccountKey={Key};" +
        $"BlobEndpoint=http://127.0.0.1:{Blobs}/{Account};QueueEndpoint=http://127.0.0.1:{Queues}/{Account};TableEndpoint=http://127.0.0.1:{Tables}/{Account};";

    public Uri Api => new($"http://127.0.0.1:{Http}/api/");

    public void Write(LocalFolder folder) => File.WriteAllText(folder.EndpointsFile, JsonSerializer.Serialize(this));

    /// <exception cref="LocalSystemException">No system was started on this folder.</exception>
    public static Endpoints Read(LocalFolder folder) => File.Exists(folder.EndpointsFile)
        ? JsonSerializer.Deserialize<Endpoints>(File.ReadAllText(folder.EndpointsFile))!
        : throw new LocalSystemException($"No system is running on the folder {folder.Root}: start it with ./topics up.");
}

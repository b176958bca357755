using System.Text.Json;

namespace Serverless.Local;

/// <summary>Where the running system listens, all on 127.0.0.1. Kept in a file of the data folder for the other subcommands.</summary>
internal sealed record Endpoints(int Blobs, int Queues, int Tables, int Http)
{
    // The emulator's one account and its key are public: they are the same on every machine.
    private const string Account =
        "DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

    public string ConnectionString => string.Create(null,
        $"{Account};BlobEndpoint=http://127.0.0.1:{Blobs}/devstoreaccount1;QueueEndpoint=http://127.0.0.1:{Queues}/devstoreaccount1;TableEndpoint=http://127.0.0.1:{Tables}/devstoreaccount1;");

    public Uri Api => new($"http://127.0.0.1:{Http}/api/");

    public void Write(LocalFolder folder) => File.WriteAllText(folder.EndpointsFile, JsonSerializer.Serialize(this));

    /// <exception cref="LocalSystemException">No system was ever started on this folder.</exception>
    public static Endpoints Read(LocalFolder folder) => File.Exists(folder.EndpointsFile)
        ? JsonSerializer.Deserialize<Endpoints>(File.ReadAllText(folder.EndpointsFile))!
        : throw new LocalSystemException($"Nothing runs on the folder {folder.Root}: start the system with ./topics up.");
}

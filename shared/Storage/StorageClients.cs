using Azure.Core;
using Azure.Data.Tables;
using Azure.Identity;
using Azure.Storage.Blobs;
using Azure.Storage.Queues;
using Microsoft.Extensions.Configuration;

namespace Serverless.Storage;

/// <summary>The clients of one storage account.</summary>
/// <remarks>
/// They are created from the configuration section <c>Storage</c>: a connection string, or <c>blobServiceUri</c>, <c>queueServiceUri</c> and
/// <c>tableServiceUri</c> with an identity (<c>clientId</c> for a user-assigned one). Queue messages are Base64.
/// </remarks>
public sealed class StorageClients
{
    /// <exception cref="UserException">No storage account is configured.</exception>
    public StorageClients(IConfiguration configuration)
    {
        var section = configuration.GetSection(StorageNames.Connection);
        var queueOptions = new QueueClientOptions { MessageEncoding = QueueMessageEncoding.Base64 };
        if (!string.IsNullOrWhiteSpace(section.Value))
        {
            Blobs = new BlobServiceClient(section.Value);
            Queues = new QueueServiceClient(section.Value, queueOptions);
            Tables = new TableServiceClient(section.Value);
            return;
        }

        TokenCredential credential = section["clientId"] is { Length: > 0 } clientId
            ? new ManagedIdentityCredential(ManagedIdentityId.FromUserAssignedClientId(clientId))
            : new DefaultAzureCredential();
        Blobs = new BlobServiceClient(Endpoint(section, "blobServiceUri"), credential);
        Queues = new QueueServiceClient(Endpoint(section, "queueServiceUri"), credential, queueOptions);
        Tables = new TableServiceClient(Endpoint(section, "tableServiceUri"), credential);
    }

    public BlobServiceClient Blobs { get; }

    public QueueServiceClient Queues { get; }

    public TableServiceClient Tables { get; }

    public BlobContainerClient Container(string name) => Blobs.GetBlobContainerClient(name);

    public QueueClient Queue(string name) => Queues.GetQueueClient(name);

    public TableClient Table(string name) => Tables.GetTableClient(name);

    /// <summary>Creates the containers, queues and tables of the contract that do not exist. In Azure the deployment creates them.</summary>
    public async Task CreateMissingAsync(CancellationToken cancellationToken)
    {
        foreach (var name in StorageNames.Containers)
        {
            await Container(name).CreateIfNotExistsAsync(cancellationToken: cancellationToken);
        }

        foreach (var name in StorageNames.Queues)
        {
            await Queue(name).CreateIfNotExistsAsync(cancellationToken: cancellationToken);
        }

        foreach (var name in StorageNames.Tables)
        {
            await Table(name).CreateIfNotExistsAsync(cancellationToken);
        }
    }

    private static Uri Endpoint(IConfigurationSection section, string key) =>
        Uri.TryCreate(section[key], UriKind.Absolute, out var uri)
            ? uri
            : throw new UserException(
                $"No storage account is configured: set {section.Path} to a connection string, or {section.Path}__{key} (and the other two service URIs) " +
                $"to an address. Found '{section[key]}'.");
}

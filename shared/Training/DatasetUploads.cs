using Azure.Storage.Blobs;
using Azure.Storage.Sas;
using Serverless.Storage;

namespace Serverless.Training;

/// <summary>Grants uploads of data sets to the container <c>datasets</c>, each with a shared access signature (SAS) for one blob.</summary>
/// <remarks>
/// With an identity it is a user delegation SAS, and the identity needs the role Storage Blob Delegator on the account; with a
/// connection string it is signed with the account key.
/// </remarks>
public sealed class DatasetUploads(StorageClients storage, TimeProvider time)
{
    // An upload that has started by then may take longer.
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(30);

    // For a service whose clock is behind.
    private static readonly TimeSpan ClockSkew = TimeSpan.FromMinutes(5);

    private static readonly Dictionary<string, string> Headers = new() { ["x-ms-blob-type"] = "BlockBlob" };

    /// <summary>Permits to create or replace this data set for half an hour, and nothing else.</summary>
    public async Task<DatasetUpload> GrantAsync(string classifier, string file, CancellationToken cancellationToken)
    {
        var blob = storage.Container(StorageNames.DatasetsContainer).GetBlobClient($"{classifier}/{file}");
        var now = time.GetUtcNow();
        var sas = new BlobSasBuilder(BlobSasPermissions.Create | BlobSasPermissions.Write, now + Lifetime)
        {
            BlobContainerName = blob.BlobContainerName,
            BlobName = blob.Name,
            Resource = "b",
            // The emulator has no HTTPS.
            Protocol = blob.Uri.Scheme == Uri.UriSchemeHttps ? SasProtocol.Https : SasProtocol.HttpsAndHttp,
        };
        var url = blob.CanGenerateSasUri ? blob.GenerateSasUri(sas) : await DelegateAsync(blob, sas, now, cancellationToken);
        return new DatasetUpload(classifier, file, url.AbsoluteUri, "PUT", Headers, sas.ExpiresOn);
    }

    private async Task<Uri> DelegateAsync(BlobClient blob, BlobSasBuilder sas, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var key = await storage.Blobs.GetUserDelegationKeyAsync(now - ClockSkew, sas.ExpiresOn, cancellationToken);
        return new BlobUriBuilder(blob.Uri) { Sas = sas.ToSasQueryParameters(key.Value, storage.Blobs.AccountName) }.ToUri();
    }
}

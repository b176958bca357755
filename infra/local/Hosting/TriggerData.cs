using System.Text.Json;
using Azure.Storage.Blobs;
using Azure.Storage.Queues.Models;
using Google.Protobuf;
using Serverless.Local.Hosting.Worker;

namespace Serverless.Local.Hosting;

/// <summary>Converts messages and blobs to the form that the storage extensions of the worker read.</summary>
internal static class TriggerData
{
    public static TypedData From(QueueMessage message) => Create("AzureStorageQueues", new
    {
        message.MessageId,
        message.PopReceipt,
        MessageText = message.Body.ToString(),
        message.DequeueCount,
        InsertedOn = message.InsertedOn?.UtcDateTime,
        ExpiresOn = message.ExpiresOn?.UtcDateTime,
        NextVisibleOn = message.NextVisibleOn?.UtcDateTime,
    });

    public static TypedData From(BlobClient blob, string connection) =>
        Create("AzureStorageBlobs", new { Connection = connection, ContainerName = blob.BlobContainerName, BlobName = blob.Name });

    private static TypedData Create(string source, object content) => new()
    {
        ModelBindingData = new ModelBindingData
        {
            Version = "1.0",
            Source = source,
            ContentType = "application/json",
            Content = ByteString.CopyFrom(JsonSerializer.SerializeToUtf8Bytes(content)),
        },
    };
}

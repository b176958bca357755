using System.Text.Json.Nodes;
using Azure.Storage.Blobs;
using Serverless.Storage;

namespace Serverless.EndToEndTests;

/// <summary>Gives the base model a recipe of fewer steps, as a person would who uploads another <c>training.json</c>: a test need not wait for the last per cent.</summary>
internal static class QuickRecipe
{
    private const int Steps = 60;

    public static async Task UploadAsync(StorageClients storage)
    {
        var folder = storage.Container(StorageNames.ModelsContainer);
        var recipeBlob = folder.GetBlobClient(StorageNames.BaseFolder(Starter.BaseModel) + StorageNames.TrainingFile);
        var manifestBlob = folder.GetBlobClient(StorageNames.BaseFolder(Starter.BaseModel) + StorageNames.ManifestFile);
        var recipe = await ReadAsync(recipeBlob);
        recipe["min_steps"] = Steps;
        var content = BinaryData.FromString(recipe.ToJsonString());
        var manifest = await ReadAsync(manifestBlob);
        manifest["files"]![StorageNames.TrainingFile] = Sha256Hex.OfBytes(content);

        await recipeBlob.UploadAsync(content, overwrite: true, TestContext.Current.CancellationToken);
        await manifestBlob.UploadAsync(BinaryData.FromString(manifest.ToJsonString()), overwrite: true, TestContext.Current.CancellationToken);
    }

    private static async Task<JsonNode> ReadAsync(BlobClient blob) =>
        JsonNode.Parse((await blob.DownloadContentAsync(TestContext.Current.CancellationToken)).Value.Content)!;
}

using System.Net;
using System.Text.Json;
using Azure.Storage.Blobs;
using Serverless.FaultTests.Checks;
using Serverless.FaultTests.Programs;
using Serverless.FaultTests.Report;
using Serverless.Models;
using Serverless.Storage;

namespace Serverless.FaultTests;

/// <summary>Model files that change after they were verified: in the cache of a machine, and in storage under the same name.</summary>
public sealed class ModelFilesTests
{
    private const string Article = """{"text":"Two goals in extra time won the final for Calder Rovers."}""";

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_damaged_cache_is_downloaded_again_and_never_served() => await ReliabilityReport.RecordAsync(
        "Cached model files damaged between two starts",
        "each cached weights file once with 5 % of its bytes changed, once cut in half",
        "the next start downloads the files again; the prediction is the one before",
        async () =>
        {
            await using var installation = await Installation.StartAsync();
            var before = await PredictAsync(installation);
            string[] weights = [.. Directory.EnumerateFiles(installation.Settings["Classifier__CacheFolder"], "*.safetensors", SearchOption.AllDirectories)];
            Assert.Equal(2, weights.Length);
            foreach (var file in weights)
            {
                var content = await File.ReadAllBytesAsync(file, CancellationToken);
                await ReplaceAsync(file, Change(content));
                Assert.Equal(before, await PredictAsync(installation));
                Assert.Equal(content, await File.ReadAllBytesAsync(file, CancellationToken));

                await ReplaceAsync(file, content[..(content.Length / 2)]);
                Assert.Equal(before, await PredictAsync(installation));
            }

            return $"{2 * weights.Length} damaged files, each replaced; the predictions are equal";
        });

    [Fact]
    public async Task A_base_replaced_under_its_name_is_not_served_with_adapters_of_the_old_one() => await ReliabilityReport.RecordAsync(
        "Base model replaced under the same name",
        "once, with an article that arrives meanwhile",
        "classify responds with 503, whose sentence names the base; the article is put off; after the old base is restored it is classified, and none failed",
        async () =>
        {
            await using var installation = await Installation.StartAsync();
            installation.Settings["Classifier__LoadWait"] = "00:00:03";
            var models = installation.Storage.Container(StorageNames.ModelsContainer);
            var folder = StorageNames.BaseFolder(StarterModel.BaseModel);
            var (weights, manifest) = (models.GetBlobClient(folder + "model.safetensors"), models.GetBlobClient(folder + StorageNames.ManifestFile));
            var (oldWeights, oldManifest) = (await ContentAsync(weights), await ContentAsync(manifest));
            var newWeights = BinaryData.FromBytes(Change(oldWeights.ToArray()));
            var newManifest = oldManifest.ToString().Replace(Sha256Hex.HashBytes(oldWeights), Sha256Hex.HashBytes(newWeights), StringComparison.Ordinal);
            await weights.UploadAsync(newWeights, overwrite: true, CancellationToken);
            await manifest.UploadAsync(BinaryData.FromString(newManifest), overwrite: true, CancellationToken);

            await using var functions = await installation.StartFunctions().ListeningAsync();
            var sentence = "";
            await Eventually.TrueAsync(
                async () =>
                {
                    var (status, body) = await functions.PostAsync("classify", Article);
                    Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
                    sentence = JsonDocument.Parse(body).RootElement.GetProperty("detail").GetString()!;
                    return sentence.Contains(StarterModel.BaseModel, StringComparison.Ordinal);
                },
                "a sentence that names the base");
            await Articles.SendAsync(installation.Storage, 0);
            await Eventually.TrueAsync(() => Task.FromResult(functions.Program.Output.Contains("is put off", StringComparison.Ordinal)), "an article that is put off");
            await weights.UploadAsync(oldWeights, overwrite: true, CancellationToken);
            await manifest.UploadAsync(oldManifest, overwrite: true, CancellationToken);

            await ResultsCheck.CompleteAsync(installation.Storage, [Articles.Id(0)]);
            var result = Assert.Single((await ResultsCheck.ExactlyOneEachAsync(installation.Storage, [Articles.Id(0)])).Values);
            Assert.Equal(Serverless.Articles.ClassificationStatus.Classified, result.Status);
            return $"'{sentence}'; classified after the base was restored";
        });

    /// <summary>Starts the functions, classifies one article and stops them.</summary>
    private static async Task<string> PredictAsync(Installation installation)
    {
        await using var functions = await installation.StartFunctions().ReadyAsync();
        var (status, body) = await functions.PostAsync("classify", Article);
        Assert.Equal(HttpStatusCode.OK, status);
        return JsonDocument.Parse(body).RootElement.GetProperty("label").GetString()!;
    }

    /// <summary>Replaces a file as a disk error would, without a rename that the program could see.</summary>
    private static Task ReplaceAsync(string file, byte[] content) => File.WriteAllBytesAsync(file, content, CancellationToken);

    /// <summary>Changes every tenth byte of the second half, which is 5 % of all.</summary>
    private static byte[] Change(byte[] content)
    {
        byte[] changed = [.. content];
        for (var i = content.Length / 2; i < content.Length; i += 10)
        {
            changed[i] ^= 1;
        }

        return changed;
    }

    private static async Task<BinaryData> ContentAsync(BlobClient blob) => (await blob.DownloadContentAsync(CancellationToken)).Value.Content;
}

namespace Serverless.UnitTests.Models;

public sealed class BaseModelStoreTests(Emulator emulator) : RegistryTest
{
    [Fact]
    public async Task A_base_model_is_uploaded_and_downloaded_without_the_pickles_beside_it()
    {
        var registry = NewRegistry(await emulator.NewAccountAsync());
        Folder.File("up/config.json", "{}");
        Folder.File("up/model.safetensors", "weights");
        Folder.File("up/pytorch_model.bin", "pickle");
        Folder.File("up/original/consolidated.json", "copy");

        await registry.Bases.UploadAsync("owner/tiny", Path.Combine(Folder.Path, "up"), CancellationToken);
        var local = await registry.Bases.DownloadAsync("owner/tiny", CancellationToken);

        Assert.Equal(["config.json", "model.safetensors"], Directory.EnumerateFiles(local.Folder).Select(Path.GetFileName).Order());
        Assert.Equal("weights", await File.ReadAllTextAsync(Path.Combine(local.Folder, "model.safetensors"), CancellationToken));
    }

    [Fact]
    public async Task A_base_model_uploaded_by_hand_needs_no_manifest_and_its_changes_are_noticed()
    {
        var storage = await emulator.NewAccountAsync();
        var registry = NewRegistry(storage);
        var config = storage.Container("models").GetBlobClient("base/owner/hand/config.json");
        await config.UploadAsync(BinaryData.FromString("{}"), CancellationToken);
        var first = await registry.Bases.DownloadAsync("owner/hand", CancellationToken);

        await config.UploadAsync(BinaryData.FromString("""{"a":1}"""), overwrite: true, CancellationToken);
        var second = await registry.Bases.DownloadAsync("owner/hand", CancellationToken);

        Assert.NotEqual(first.Folder, second.Folder);
        Assert.NotEqual(first.Sha256, second.Sha256);
        Assert.Equal("""{"a":1}""", await File.ReadAllTextAsync(Path.Combine(second.Folder, "config.json"), CancellationToken));
    }

    [Theory]
    [InlineData("{}", "weights", true)] // an upload that did not finish
    [InlineData("{}", "WEIGHTS", false)]
    [InlineData("{ }", "weights", false)]
    public async Task A_base_uploaded_by_hand_is_not_overwritten_but_an_upload_is_completed(string config, string weights, bool completed)
    {
        var storage = await emulator.NewAccountAsync();
        var registry = NewRegistry(storage);
        Folder.File("up/config.json", "{}");
        Folder.File("up/model.safetensors", "weights");
        Folder.File("up/tokenizer.json", "{}");
        var container = storage.Container("models");
        await container.UploadBlobAsync("base/owner/tiny/config.json", BinaryData.FromString(config), CancellationToken);
        await container.UploadBlobAsync("base/owner/tiny/model.safetensors", BinaryData.FromString(weights), CancellationToken);

        await registry.Bases.UploadAsync("owner/tiny", Path.Combine(Folder.Path, "up"), CancellationToken);

        var after = (await container.GetBlobClient("base/owner/tiny/model.safetensors").DownloadContentAsync(CancellationToken)).Value.Content.ToString();
        Assert.Equal(weights, after);
        Assert.Equal(completed, await registry.Bases.FindSha256Async("owner/tiny", CancellationToken) is not null);
    }

    [Fact]
    public async Task A_base_model_that_does_not_exist_is_named_with_the_folder_to_upload_it_to()
    {
        var registry = NewRegistry(await emulator.NewAccountAsync());

        var error = await Assert.ThrowsAsync<InvalidDataException>(() => registry.Bases.DownloadAsync("owner/none", CancellationToken));

        Assert.Contains("models/base/owner/none/", error.Message);
    }
}

using Serverless.Models;
using Serverless.Reviews;
using Serverless.Storage;
using Serverless.Trainer.Data;
using Serverless.Training;

namespace Serverless.UnitTests.Reviews;

/// <summary>What people labelled, as a data set that a training reads.</summary>
public sealed class ReviewExportTests(Emulator emulator) : IAsyncLifetime
{
    private readonly TemporaryFolder folder = new();

    private StorageClients storage = null!;
    private ReviewStore reviews = null!;
    private ReviewExport export = null!;

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        storage = await emulator.NewAccountAsync();
        reviews = new ReviewStore(storage, new ArticleBlobStore(storage), TimeProvider.System);
        export = new ReviewExport(storage, Registry(), reviews, TimeProvider.System);
    }

    public ValueTask DisposeAsync()
    {
        folder.Dispose();
        return ValueTask.CompletedTask;
    }

    [Theory]
    [InlineData("news/a.csv", "sep=,\r\ntitle,\"note (a, b)\",Text,LABEL,\r\nRates,,rise again,Business,\r\n")]
    [InlineData("news/a.csv", "\"note\n(a, b)\",title,text,label\n,Rates,rise again,Business\n")]
    [InlineData("news/a.jsonl", "[{\"title\":\"Rates\",\"text\":\"rise again\",\"label\":\"Business\"}]")]
    public async Task An_export_is_read_as_what_was_classified_and_labelled(string dataset, string content)
    {
        await ServeAsync(dataset, content);
        await LabelAsync("a", "Cup", "Goals were \"scored\",\nlate.", "Sports");

        var exported = await export.ExportAsync("news", CancellationToken);

        Assert.Equal((1, dataset), (exported!.Rows, exported.ExtendedFrom));
        var rows = await ReadAsync(exported.Dataset);
        Assert.Equal([("Rates rise again", "Business"), (ArticleText.WithTitle("Cup", "Goals were \"scored\",\nlate."), "Sports")], rows);
    }

    [Fact]
    public async Task A_data_set_that_was_replaced_by_another_file_is_named()
    {
        await ServeAsync("news/a.csv", "a,b\n1,2\n");
        await LabelAsync("a", "Cup", "Goals were scored.", "Sports");

        var error = await Assert.ThrowsAsync<UserException>(() => export.ExportAsync("news", CancellationToken));

        Assert.Contains("'news/a.csv'", error.Message, StringComparison.Ordinal);
        Assert.Contains("it reads 'a,b'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Exports_at_the_same_moment_are_two_data_sets()
    {
        await LabelAsync("a", "Cup", "Goals were scored.", "Sports");
        var stopped = new ReviewExport(storage, Registry(), reviews, new StoppedClock());

        var exported = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => stopped.ExportAsync("news", CancellationToken)));

        Assert.Equal(3, exported.Select(each => each!.Dataset).Distinct().Count());
        Assert.All(exported, each => Assert.Equal(1, each!.Rows));
    }

    private ModelRegistry Registry() => new(storage, new TrainingRuns(storage), Path.Combine(folder.Path, "cache"), TimeProvider.System);

    private async Task ServeAsync(string dataset, string content)
    {
        await storage.Container(StorageNames.DatasetsContainer).GetBlobClient(dataset).UploadAsync(BinaryData.FromString(content), CancellationToken);
        folder.File("v1/labels.json", """{"labels":["Business","Sports"]}""");
        var registry = Registry();
        await registry.Versions.UploadAsync("news", "v1", Path.Combine(folder.Path, "v1"), "tests/base", dataset, "\"0x1\"", CancellationToken);
        Assert.True(await registry.Pointers.PublishAsync("news", "v1", null, CancellationToken));
    }

    private async Task LabelAsync(string id, string title, string text, string label)
    {
        var candidate = new ReviewCandidate
        {
            Classifier = "news",
            Id = id,
            TextHash = Sha256Hex.HashText(text),
            Title = title,
            Text = text,
            Label = "Business",
            Score = 0.4,
            Probabilities = new Dictionary<string, double> { ["Business"] = 0.4, ["Sports"] = 0.3 },
            ModelVersion = "v1",
            Time = DateTimeOffset.UtcNow,
        };
        await reviews.EnqueueAsync(candidate, CancellationToken);
        Assert.NotNull((await reviews.LabelAsync("news", id, label, CancellationToken))!.Label);
    }

    private async Task<IReadOnlyList<(string Text, string Label)>> ReadAsync(string dataset)
    {
        var content = (await storage.Container(StorageNames.DatasetsContainer).GetBlobClient(dataset).DownloadContentAsync(CancellationToken)).Value.Content;
        var read = await DataSetFile.ReadAsync(folder.File(Path.GetFileName(dataset), content.ToArray()), cancellationToken: CancellationToken);
        Assert.Empty(read.BadRows);
        return [.. read.Rows.Select(row => (row.Text, row.Label))];
    }

    private sealed class StoppedClock : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);
    }
}

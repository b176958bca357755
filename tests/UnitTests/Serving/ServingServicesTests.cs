using Azure.Storage.Queues.Models;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Serverless.Serving;
using Serverless.Storage;

namespace Serverless.UnitTests.Serving;

public sealed class ServingServicesTests(Emulator emulator) : IDisposable
{
    private readonly TemporaryFolder folder = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_composed_host_classifies_articles_and_picks_up_a_new_version_by_itself()
    {
        var connectionString = await emulator.NewConnectionStringAsync();
        await Emulator.PreparedAsync(connectionString);
        using var host = Compose(connectionString);
        var registry = host.Services.GetRequiredService<ModelRegistry>();
        ToyModel.WriteBase(Path.Combine(folder.Path, "base"));
        await registry.UploadBaseAsync(ToyModel.Base, Path.Combine(folder.Path, "base"), Cancel);
        await ToyModel.PublishAsync(registry, "news", "v1", 1, "a", "b");
        await host.StartAsync(Cancel);
        var processor = host.Services.GetRequiredService<ArticleProcessor>();
        var results = host.Services.GetRequiredService<ResultStore>();

        await processor.ProcessAsync(Message("first"), Cancel);
        await ToyModel.PublishAsync(registry, "news", "v2", 2, "a", "b");
        while (host.Services.GetRequiredService<ArticleClassifier>().Status.Version != "v2")
        {
            await Task.Delay(50, Cancel);
        }

        await processor.ProcessAsync(Message("second"), Cancel);
        Assert.Equal("v1", (await results.FindAsync("news", "first", Cancel))!.ModelVersion);
        Assert.Equal("v2", (await results.FindAsync("news", "second", Cancel))!.ModelVersion);
        await host.StopAsync(Cancel);
    }

    [Fact]
    public void A_host_with_a_setting_that_cannot_be_used_does_not_start()
    {
        var error = Assert.Throws<InvalidOperationException>(() => Compose("UseDevelopmentStorage=true", ("Classifier:MaxBatch", "0")));

        Assert.Contains("Classifier__MaxBatch", error.Message);
    }

    private IHost Compose(string connectionString, params (string Key, string Value)[] settings)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Storage"] = connectionString,
            ["Classifier:Base"] = ToyModel.Base,
            ["Classifier:CacheFolder"] = Path.Combine(folder.Path, "cache"),
            ["Classifier:PollInterval"] = "00:00:00.1",
        });
        builder.Configuration.AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create(setting.Key, (string?)setting.Value)));
        builder.Services.AddArticleClassifier(builder.Configuration);
        return builder.Build();
    }

    private static QueueMessage Message(string id) => QueuesModelFactory.QueueMessage(
        "id", "receipt", Convert.ToBase64String(BinaryData.FromString(new ArticleMessage(id) { Text = "text" }.ToJson())), dequeueCount: 1, insertedOn: DateTimeOffset.UtcNow);
}

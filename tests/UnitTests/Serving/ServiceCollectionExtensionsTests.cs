using Azure.Storage.Queues.Models;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Serverless.Articles;
using Serverless.Models;
using Serverless.Serving;

namespace Serverless.UnitTests.Serving;

public sealed class ServiceCollectionExtensionsTests(Emulator emulator) : IDisposable
{
    private readonly TemporaryFolder folder = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_composed_host_classifies_articles_and_picks_up_a_new_version_by_itself()
    {
        using var host = await ComposeWithBaseAsync();
        var registry = host.Services.GetRequiredService<ModelRegistry>();
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
    public async Task Where_told_so_the_default_classifier_is_loaded_at_the_start_and_waits_for_no_article()
    {
        using var host = await ComposeWithBaseAsync(("Classifier:LoadAtStart", "true"));
        await ToyModel.PublishAsync(host.Services.GetRequiredService<ModelRegistry>(), "news", "v1", 1, "a", "b");

        await host.StartAsync(Cancel);

        while (host.Services.GetRequiredService<ArticleClassifier>().Status.State != ModelState.Ready)
        {
            await Task.Delay(50, Cancel);
        }

        await host.StopAsync(Cancel);
    }

    [Fact]
    public async Task A_host_that_loads_at_the_start_takes_the_first_version_when_it_is_published_later()
    {
        using var host = await ComposeWithBaseAsync(("Classifier:LoadAtStart", "true"));
        var classifier = host.Services.GetRequiredService<ArticleClassifier>();

        await host.StartAsync(Cancel);
        await classifier.LoadDefaultAsync(Cancel); // as the host does: nothing is there, which is no error
        await ToyModel.PublishAsync(host.Services.GetRequiredService<ModelRegistry>(), "news", "v1", 1, "a", "b");
        var answer = await classifier.ClassifyAsync(null, "text", Cancel);

        Assert.Equal("v1", answer.ModelVersion);
        await host.StopAsync(Cancel);
    }

    [Fact]
    public void A_host_with_a_setting_that_cannot_be_used_does_not_start()
    {
        var error = Assert.Throws<InvalidOperationException>(() => Compose("UseDevelopmentStorage=true", ("Classifier:MaxBatch", "0")));

        Assert.Contains("Classifier__MaxBatch", error.Message);
    }

    private async Task<IHost> ComposeWithBaseAsync(params (string Key, string Value)[] settings)
    {
        var connectionString = await emulator.NewConnectionStringAsync();
        await Emulator.PreparedAsync(connectionString);
        var host = Compose(connectionString, settings);
        ToyModel.WriteBase(Path.Combine(folder.Path, "base"));
        await host.Services.GetRequiredService<ModelRegistry>().UploadBaseAsync(ToyModel.Base, Path.Combine(folder.Path, "base"), Cancel);
        return host;
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

using Azure.Storage.Queues.Models;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Serverless.Articles;
using Serverless.Models;
using Serverless.Serving;

namespace Serverless.UnitTests.Serving;

public sealed class ServiceCollectionExtensionsTests(Emulator emulator) : IDisposable
{
    private readonly TemporaryFolder folder = new();

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_composed_host_classifies_articles_and_picks_up_a_new_version_by_itself()
    {
        using var host = await ComposeWithBaseAsync();
        var registry = host.Services.GetRequiredService<ModelRegistry>();
        await ToyModel.PublishAsync(registry, "news", "v1", 1, "a", "b");
        await host.StartAsync(CancellationToken);
        var processor = host.Services.GetRequiredService<ArticleProcessor>();
        var results = host.Services.GetRequiredService<ResultStore>();

        await processor.ProcessAsync(Message("first"), CancellationToken);
        await ToyModel.PublishAsync(registry, "news", "v2", 2, "a", "b");
        await Eventually.TrueAsync(() => host.Services.GetRequiredService<ArticleClassifier>().Status.Version == "v2", timeout: TimeSpan.FromSeconds(30));
        await processor.ProcessAsync(Message("second"), CancellationToken);

        Assert.Equal("v1", (await results.FindAsync("news", "first", CancellationToken))!.ModelVersion);
        Assert.Equal("v2", (await results.FindAsync("news", "second", CancellationToken))!.ModelVersion);
        await host.StopAsync(CancellationToken);
    }

    [Fact]
    public async Task A_host_that_loads_at_the_start_is_ready_without_any_article()
    {
        using var host = await ComposeWithBaseAsync(("Classifier:LoadAtStart", "true"));
        await ToyModel.PublishAsync(host.Services.GetRequiredService<ModelRegistry>(), "news", "v1", 1, "a", "b");

        await host.StartAsync(CancellationToken);

        var classifier = host.Services.GetRequiredService<ArticleClassifier>();
        await Eventually.TrueAsync(() => classifier.Status.State == ModelState.Ready, timeout: TimeSpan.FromSeconds(30));
        Assert.Equal("v1", classifier.Status.Version);
        await host.StopAsync(CancellationToken);
    }

    [Fact]
    public async Task A_host_that_loads_at_the_start_takes_a_first_version_published_later()
    {
        using var host = await ComposeWithBaseAsync(("Classifier:LoadAtStart", "true"));
        var classifier = host.Services.GetRequiredService<ArticleClassifier>();

        await host.StartAsync(CancellationToken);
        await classifier.LoadDefaultAsync(CancellationToken); // as the host does: nothing is published, which is not an error
        await ToyModel.PublishAsync(host.Services.GetRequiredService<ModelRegistry>(), "news", "v1", 1, "a", "b");
        var prediction = await classifier.ClassifyAsync(null, "text", CancellationToken);

        Assert.Equal("v1", prediction.ModelVersion);
        await host.StopAsync(CancellationToken);
    }

    [Fact]
    public async Task A_host_with_a_setting_that_is_not_valid_does_not_start()
    {
        using var host = Compose("UseDevelopmentStorage=true", ("Classifier:MaxBatch", "0"));

        var error = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync(CancellationToken));

        Assert.Equal("The setting Classifier__MaxBatch is '0'; it must be 1 or more.", error.Message);
    }

    private async Task<IHost> ComposeWithBaseAsync(params (string Key, string Value)[] settings)
    {
        var connectionString = await emulator.NewConnectionStringAsync();
        await Emulator.PreparedAsync(connectionString);
        var host = Compose(connectionString, settings);
        ToyModel.WriteBase(Path.Combine(folder.Path, "base"));
        await host.Services.GetRequiredService<ModelRegistry>().Bases.UploadAsync(ToyModel.Base, Path.Combine(folder.Path, "base"), CancellationToken);
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

    private static QueueMessage Message(string id)
    {
        var body = BinaryData.FromString(new ArticleMessage(id) { Text = "text" }.ToJson());
        return QueuesModelFactory.QueueMessage("id", "receipt", Convert.ToBase64String(body), dequeueCount: 1, insertedOn: DateTimeOffset.UtcNow);
    }
}

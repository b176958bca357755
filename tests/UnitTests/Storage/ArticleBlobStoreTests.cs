using System.Text;
using Azure.Storage.Queues;
using Serverless.Articles;
using Serverless.Storage;

namespace Serverless.UnitTests.Storage;

public class ArticleBlobStoreTests(Emulator emulator)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_short_article_travels_in_its_message_as_Base64()
    {
        var connectionString = await emulator.NewConnectionStringAsync();
        var storage = await Emulator.PreparedAsync(connectionString);
        var article = new ArticleMessage("a") { Text = "Störche" };

        await new ArticleSender(storage, new ArticleBlobStore(storage)).SendAsync(article, Cancel);

        var raw = new QueueClient(connectionString, StorageNames.ArticlesQueue);
        var message = (await raw.ReceiveMessageAsync(cancellationToken: Cancel)).Value;
        Assert.Equal(article.ToJson(), Encoding.UTF8.GetString(Convert.FromBase64String(message.MessageText)));
    }

    [Fact]
    public async Task An_article_too_long_for_a_message_travels_as_a_blob_that_the_message_names()
    {
        var storage = await emulator.NewAccountAsync();
        var texts = new ArticleBlobStore(storage);
        var text = string.Concat(Enumerable.Repeat("Łódź ", 20_000));

        await new ArticleSender(storage, texts).SendAsync(new ArticleMessage("a/../b") { Text = text, Title = "T" }, Cancel);

        var message = (await storage.Queue(StorageNames.ArticlesQueue).ReceiveMessageAsync(cancellationToken: Cancel)).Value;
        Assert.True(ArticleMessage.TryParse(message.MessageText, out var received, out _));
        Assert.Null(received.Text);
        Assert.Equal("a/../b", received.Id);
        Assert.Equal("T", received.Title);
        Assert.Equal(text, (await texts.ReadAsync(received.Blob!, Cancel)).Text);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(40_000)]
    [InlineData(41_000)]
    [InlineData(1_000_000)]
    public async Task A_message_is_always_smaller_than_the_48_KiB_that_a_queue_takes_before_Base64(int characters)
    {
        var storage = await emulator.NewAccountAsync();

        await new ArticleSender(storage, new ArticleBlobStore(storage)).SendAsync(new ArticleMessage(new string('i', ArticleLimits.IdCharacters)) { Text = new string('x', characters) }, Cancel);

        var message = (await storage.Queue(StorageNames.ArticlesQueue).ReceiveMessageAsync(cancellationToken: Cancel)).Value;
        Assert.InRange(message.Body.ToMemory().Length, 1, 48 * 1024);
    }

    [Fact]
    public async Task A_blob_that_is_missing_gives_a_reason_and_no_error()
    {
        var texts = new ArticleBlobStore(await emulator.NewAccountAsync());

        Assert.Contains("There is no blob 'gone.txt'", (await texts.ReadAsync("gone.txt", Cancel)).Reason);
    }

    [Fact]
    public async Task A_blob_over_the_limit_is_not_read()
    {
        var storage = await emulator.NewAccountAsync();
        var texts = new ArticleBlobStore(storage);
        await texts.WriteAsync("long.txt", new string('a', ArticleLimits.TextBytes + 1), Cancel);

        Assert.Contains("1 MB", (await texts.ReadAsync("long.txt", Cancel)).Reason);
    }

    [Fact]
    public async Task A_blob_in_another_encoding_gives_a_reason_with_the_place()
    {
        var storage = await emulator.NewAccountAsync();
        await storage.Container(StorageNames.ArticlesContainer).UploadBlobAsync("latin.txt", BinaryData.FromBytes(Encoding.Latin1.GetBytes("abcé")), Cancel);

        Assert.Contains("not UTF-8 (byte 3)", (await new ArticleBlobStore(storage).ReadAsync("latin.txt", Cancel)).Reason);
    }

    [Fact]
    public async Task A_name_with_characters_that_mean_something_in_an_address_is_read_as_a_name()
    {
        var storage = await emulator.NewAccountAsync();
        var texts = new ArticleBlobStore(storage);
        await texts.WriteAsync("a%2e%2e/b?c#d é.txt", "text", Cancel);

        Assert.Equal("text", (await texts.ReadAsync("a%2e%2e/b?c#d é.txt", Cancel)).Text);
    }
}

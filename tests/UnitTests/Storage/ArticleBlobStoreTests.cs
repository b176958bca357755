using System.Text;
using Azure.Storage.Queues;
using Serverless.Articles;
using Serverless.Storage;

namespace Serverless.UnitTests.Storage;

public class ArticleBlobStoreTests(Emulator emulator)
{
    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_short_article_is_sent_in_its_message_as_Base64()
    {
        var connectionString = await emulator.NewConnectionStringAsync();
        var storage = await Emulator.PreparedAsync(connectionString);
        var article = new ArticleMessage("a") { Text = "Störche" };

        await new ArticleSender(storage, new ArticleBlobStore(storage)).SendAsync(article, CancellationToken);

        var raw = new QueueClient(connectionString, StorageNames.ArticlesQueue);
        var message = (await raw.ReceiveMessageAsync(cancellationToken: CancellationToken)).Value;
        Assert.Equal(article.ToJson(), Encoding.UTF8.GetString(Convert.FromBase64String(message.MessageText)));
    }

    [Fact]
    public async Task An_article_too_long_for_a_message_is_sent_as_a_blob()
    {
        var storage = await emulator.NewAccountAsync();
        var texts = new ArticleBlobStore(storage);
        var text = string.Concat(Enumerable.Repeat("Łódź ", 20_000));

        await new ArticleSender(storage, texts).SendAsync(new ArticleMessage("a/../b") { Text = text, Title = "T" }, CancellationToken);

        var message = (await storage.Queue(StorageNames.ArticlesQueue).ReceiveMessageAsync(cancellationToken: CancellationToken)).Value;
        Assert.True(ArticleMessage.TryParse(message.MessageText, out var received, out _));
        Assert.Null(received.Text);
        Assert.Equal("a/../b", received.Id);
        Assert.Equal("T", received.Title);
        Assert.Equal(text, (await texts.ReadAsync(received.Blob!, CancellationToken)).Text);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(40_000)]
    [InlineData(41_000)]
    [InlineData(1_000_000)]
    public async Task A_message_is_never_larger_than_the_48_KiB_that_a_queue_takes(int characters)
    {
        var storage = await emulator.NewAccountAsync();
        var article = new ArticleMessage(new string('i', ArticleLimits.IdCharacters)) { Text = new string('x', characters) };

        await new ArticleSender(storage, new ArticleBlobStore(storage)).SendAsync(article, CancellationToken);

        var message = (await storage.Queue(StorageNames.ArticlesQueue).ReceiveMessageAsync(cancellationToken: CancellationToken)).Value;
        Assert.InRange(message.Body.ToMemory().Length, 1, 48 * 1024);
    }

    [Fact]
    public async Task A_missing_blob_returns_a_reason()
    {
        var texts = new ArticleBlobStore(await emulator.NewAccountAsync());

        Assert.Contains("There is no blob 'gone.txt'", (await texts.ReadAsync("gone.txt", CancellationToken)).Reason);
    }

    [Fact]
    public async Task A_blob_over_the_limit_is_not_read()
    {
        var storage = await emulator.NewAccountAsync();
        var texts = new ArticleBlobStore(storage);
        await texts.WriteAsync("long.txt", new string('a', ArticleLimits.TextBytes + 1), CancellationToken);

        Assert.Contains("1 MB", (await texts.ReadAsync("long.txt", CancellationToken)).Reason);
    }

    [Fact]
    public async Task A_blob_in_another_encoding_returns_a_reason_with_the_byte()
    {
        var storage = await emulator.NewAccountAsync();
        await storage.Container(StorageNames.ArticlesContainer).UploadBlobAsync("latin.txt", BinaryData.FromBytes(Encoding.Latin1.GetBytes("abcé")), CancellationToken);

        Assert.Contains("not UTF-8 (byte 3)", (await new ArticleBlobStore(storage).ReadAsync("latin.txt", CancellationToken)).Reason);
    }

    [Fact]
    public async Task A_blob_name_with_characters_that_are_special_in_a_URL_is_read()
    {
        var storage = await emulator.NewAccountAsync();
        var texts = new ArticleBlobStore(storage);
        await texts.WriteAsync("a%2e%2e/b?c#d é.txt", "text", CancellationToken);

        Assert.Equal("text", (await texts.ReadAsync("a%2e%2e/b?c#d é.txt", CancellationToken)).Text);
    }
}

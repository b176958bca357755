using System.Text;
using Azure.Storage.Queues.Models;
using Serverless.Articles;
using Serverless.Storage;

namespace Serverless.UnitTests.Articles;

/// <summary>Messages that cannot be classified as they were sent.</summary>
public sealed class RejectionTests(Emulator emulator) : ArticleProcessorTest(emulator)
{
    [Theory]
    [InlineData("""{"id":"a","blob":"gone.txt"}""", "There is no blob 'gone.txt'")]
    [InlineData("""{"id":"a","text":""}""", "no text")]
    [InlineData("""{"id":"a","text":"x","classifier":"nobody"}""", "There is no classifier 'nobody'")]
    public async Task A_permanent_error_becomes_a_rejected_row_and_is_not_thrown(string body, string reason)
    {
        var outcome = await ProcessAsync(body);

        Assert.Equal(WriteOutcome.Created, outcome);
        var row = Assert.Single(await RowsAsync("classifications"));
        Assert.Equal(("a", "rejected"), (row.GetString("Id"), row.GetString("Status")));
        Assert.Contains(reason, row.GetString("Reason"));
    }

    [Fact]
    public async Task A_message_that_cannot_be_read_is_rejected_under_the_hash_of_its_bytes()
    {
        byte[] latin = Encoding.Latin1.GetBytes("Tränen");

        await NewProcessor().ProcessAsync(Message(BinaryData.FromBytes(latin), Noon), CancellationToken);

        var result = await Results.FindAsync("news", Sha256Hex.OfBytes(latin), CancellationToken);
        Assert.Equal(ClassificationStatus.Rejected, result!.Status);
        Assert.Contains("not UTF-8", result.Reason);
    }

    [Fact]
    public async Task A_rejected_article_that_is_corrected_and_sent_again_is_classified()
    {
        await ProcessAsync("""{"id":"a","blob":"late.txt"}""");
        await new ArticleBlobStore(Storage).WriteAsync("late.txt", "Oil rises.", CancellationToken);

        await ProcessAsync("""{"id":"a","blob":"late.txt"}""", Noon.AddMinutes(1));

        Assert.Equal(ClassificationStatus.Classified, (await Results.FindAsync("news", "a", CancellationToken))!.Status);
    }

    [Fact]
    public async Task A_message_that_is_not_Base64_is_rejected_with_the_advice_to_encode_it()
    {
        var message = QueuesModelFactory.QueueMessage("id", "receipt", """{"id":"a","text":"Oil rises."}""", 1, insertedOn: Noon);

        await NewProcessor().ProcessAsync(message, CancellationToken);

        var row = Assert.Single(await RowsAsync("classifications"));
        Assert.Equal("rejected", row.GetString("Status"));
        Assert.Contains("Base64", row.GetString("Reason"), StringComparison.Ordinal);
    }
}

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

        var result = await Results.FindAsync("news", Sha256Hex.HashBytes(latin), CancellationToken);
        Assert.Equal(ClassificationStatus.Rejected, result!.Status);
        Assert.Contains("not Base64 of UTF-8 text: it is not UTF-8 (byte 2)", result.Reason);
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

    [Theory]
    [InlineData("eyJpZCI6ImEiLCJ0ZXh0IjoiT2lsIHJpc2VzLiJ9", "encoded twice")]
    [InlineData("VHdvIGdvYWxzIGluIGV4dHJhIHRpbWUu", "encoded twice")]
    [InlineData("""[{"id":"a","text":"Oil rises."},{"id":"b","text":"Oil falls."}]""", "JSON array")]
    [InlineData("[]", "JSON array")]
    [InlineData("\"{\\\"id\\\":\\\"a\\\"}\"", "serialized twice")]
    [InlineData("""b'{"id":"a","text":"Oil rises."}'""", "Python bytes literal")]
    [InlineData("null", "JSON value null")]
    [InlineData("12345", "JSON value number")]
    [InlineData("true", "JSON value true")]
    [InlineData("O\0i\0l\0", "NUL character")]
    [InlineData("""{"id":"a","text":"O\u0000il"}""", "NUL character")]
    [InlineData("""{"id":"a","text":"Oil","title":"O\u0000il"}""", "NUL character")]
    [InlineData("""{"id":"a\u0000","text":"Oil"}""", "NUL character")]
    public async Task A_wrapped_article_is_rejected_with_what_it_looks_like(string body, string reason)
    {
        await ProcessAsync(body);

        var row = Assert.Single(await RowsAsync("classifications"));
        Assert.Equal("rejected", row.GetString("Status"));
        Assert.Contains(reason, row.GetString("Reason"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[Reuters] The bank raised its rate.")]
    [InlineData("\"We won\", the captain said.")]
    [InlineData("\"We won\"")]
    [InlineData("2026 was a good year.")]
    [InlineData("b'nai brith met on Sunday.")]
    [InlineData("internationalization")]
    [InlineData("null and void, the court said")]
    public async Task Plain_text_that_only_begins_like_a_wrapping_is_an_article(string text)
    {
        await ProcessAsync(text);

        Assert.Equal("classified", Assert.Single(await RowsAsync("classifications")).GetString("Status"));
    }

    [Theory]
    [InlineData("""{"id":12345,"text":"Oil rises."}""", "12345")]
    [InlineData("""{"Id":"a","Text":"Oil rises."}""", "a")]
    [InlineData("""{"ID":"a","text":7}""", "a")]
    public async Task A_rejected_article_is_found_under_its_id_if_that_can_be_read(string body, string id)
    {
        await ProcessAsync(body);

        Assert.Equal(ClassificationStatus.Rejected, (await Results.FindAsync("news", id, CancellationToken))!.Status);
    }

    [Fact]
    public async Task JSON_that_is_not_Base64_is_rejected_under_its_id_and_classifier()
    {
        var message = QueuesModelFactory.QueueMessage("id", "receipt", """{"id":"a","classifier":"desk","text":"Oil"}""", 1, insertedOn: Noon);

        await NewProcessor().ProcessAsync(message, CancellationToken);

        Assert.Contains("not Base64", (await Results.FindAsync("desk", "a", CancellationToken))!.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_message_in_UTF16_is_named()
    {
        byte[] utf16 = [.. Encoding.Unicode.GetPreamble(), .. Encoding.Unicode.GetBytes("Oil rises.")];

        await NewProcessor().ProcessAsync(Message(BinaryData.FromBytes(utf16), Noon), CancellationToken);

        Assert.Contains("begins like UTF-16", Assert.Single(await RowsAsync("classifications")).GetString("Reason"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("msg2")]
    [InlineData("aaaabbbbccccdddd")]
    public async Task A_text_that_happens_to_be_Base64_is_rejected_with_both_causes(string text)
    {
        var message = QueuesModelFactory.QueueMessage("id", "receipt", text, 1, insertedOn: Noon);

        await NewProcessor().ProcessAsync(message, CancellationToken);

        var row = Assert.Single(await RowsAsync("classifications"));
        Assert.Contains("not Base64 of UTF-8 text", row.GetString("Reason"), StringComparison.Ordinal);
    }
}

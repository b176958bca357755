using Serverless.Storage;
using Serverless.Training;

namespace Serverless.UnitTests.Training;

public sealed class DatasetStoreTests(Emulator emulator)
{
    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Of_uploads_of_one_name_at_the_same_time_one_stays_and_is_whole()
    {
        const int Length = 9 * 1024 * 1024; // of more than two blocks of 4 MB
        var storage = await emulator.NewAccountAsync();
        var store = new DatasetStore(storage);
        for (var round = 0; round < 5; round++)
        {
            var stored = await Task.WhenAll(Enumerable.Range(0, 3).Select(number => store.WriteAsync("news", "a.csv", Content(Length, number), CancellationToken)));

            var blob = storage.Container(StorageNames.DatasetsContainer).GetBlobClient("news/a.csv");
            var content = (await blob.DownloadContentAsync(CancellationToken)).Value;
            var bytes = content.Content.ToArray();
            Assert.Equal(Length, bytes.Length);
            Assert.Single(bytes.Distinct());
            Assert.Contains(ETags.Unquote(content.Details.ETag.ToString()), stored.Select(each => each.ETag));
            Assert.All(stored, each => Assert.Equal(Length, each.Bytes));
        }
    }

    [Fact]
    public async Task An_upload_that_does_not_finish_leaves_the_previous_data_set()
    {
        var storage = await emulator.NewAccountAsync();
        var store = new DatasetStore(storage);
        await store.WriteAsync("news", "a.csv", Content(100, 1), CancellationToken);

        await using var broken = new BrokenStream(Content(5 * 1024 * 1024, 2));
        await Assert.ThrowsAsync<IOException>(() => store.WriteAsync("news", "a.csv", broken, CancellationToken));

        var blob = storage.Container(StorageNames.DatasetsContainer).GetBlobClient("news/a.csv");
        Assert.Equal(100, (await blob.GetPropertiesAsync(cancellationToken: CancellationToken)).Value.ContentLength);
    }

    private static MemoryStream Content(int length, int number)
    {
        var bytes = new byte[length];
        bytes.AsSpan().Fill((byte)('a' + number));
        return new MemoryStream(bytes);
    }

    /// <summary>A connection that breaks after the content.</summary>
    private sealed class BrokenStream(Stream content) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count)
        {
            var read = content.Read(buffer, offset, count);
            return read > 0 ? read : throw new IOException("The connection was closed.");
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}

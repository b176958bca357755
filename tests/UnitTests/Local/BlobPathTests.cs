using Serverless.Local.Hosting;

namespace Serverless.UnitTests.Local;

public sealed class BlobPathTests
{
    [Fact]
    public void The_container_is_the_first_segment() => Assert.Equal("datasets", new BlobPath("datasets/{name}").Container);

    [Fact]
    public void A_part_takes_slashes_too_as_in_the_functions_host()
    {
        var parts = new BlobPath("datasets/{classifier}/{file}.csv").Match("news/2026/11.csv");

        Assert.Equal("news/2026", parts!["classifier"]);
        Assert.Equal("11", parts["file"]);
    }

    [Theory]
    [InlineData("news/11.txt")]
    [InlineData("11.csv")]
    [InlineData("news/11xcsv")]
    public void Another_name_does_not_match(string blob) => Assert.Null(new BlobPath("datasets/{classifier}/{file}.csv").Match(blob));
}

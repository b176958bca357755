using Serverless.Llama.Files;

namespace Serverless.UnitTests.Llama.Files;

public sealed class ClassifierMetadataTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Labels_survive_the_round_trip_in_their_order()
    {
        new ClassifierMetadata(["Welt", "Füße", "Sci/Tech"], 128, 1.5).Write(folder.Path);

        var read = ClassifierMetadata.Read(folder.Path);

        Assert.Equal(["Welt", "Füße", "Sci/Tech"], read.Labels);
        Assert.Equal((128, 1.5), (read.MaxTokens, read.Temperature));
    }

    [Theory]
    [InlineData("", "damaged")]
    [InlineData("null", "empty")]
    [InlineData("""{"labels":["a","b"]}""", "maxTokens")]
    [InlineData("""{"labels":["a","b"],"maxTokens":128,"temperature":1,"pad":0}""", "pad")]
    [InlineData("""{"labels":["a"],"maxTokens":128,"temperature":1}""", "two or more different names")]
    [InlineData("""{"labels":["a","a"],"maxTokens":128,"temperature":1}""", "two or more different names")]
    [InlineData("""{"labels":["a",null],"maxTokens":128,"temperature":1}""", "two or more different names")]
    [InlineData("""{"labels":["a","b"],"maxTokens":1,"temperature":1}""", "'maxTokens'")]
    [InlineData("""{"labels":["a","b"],"maxTokens":128,"temperature":0}""", "'temperature'")]
    public void A_file_that_cannot_be_used_says_why(string json, string reason)
    {
        folder.File("labels.json", json);

        Assert.Contains(reason, Assert.Throws<InvalidDataException>(() => ClassifierMetadata.Read(folder.Path)).Message);
    }

    [Fact]
    public void A_missing_file_is_named() =>
        Assert.Contains("labels.json is missing", Assert.Throws<InvalidDataException>(() => ClassifierMetadata.Read(folder.Path)).Message);
}

using Microsoft.Extensions.Configuration;
using Serverless.Serving;

namespace Serverless.UnitTests.Serving;

public class ClassifierOptionsTests
{
    [Fact]
    public void Settings_are_read_from_the_section_Classifier()
    {
        var options = Read(("Base", "meta-llama/Llama-3.2-1B-Instruct"), ("PollInterval", "00:00:02"), ("ReviewThreshold", "0.75"), ("MaxBatch", "4"));

        Assert.Equal("meta-llama/Llama-3.2-1B-Instruct", options.Base);
        Assert.Equal(TimeSpan.FromSeconds(2), options.PollInterval);
        Assert.Equal(0.75, options.ReviewThreshold);
        Assert.Equal(4, options.MaxBatch);
    }

    [Fact]
    public void Without_settings_the_starter_serves_news()
    {
        var options = Read();

        Assert.Equal(("serverless/starter", "news"), (options.Base, options.Default));
    }

    [Theory]
    [InlineData("Base", "llama")]
    [InlineData("Default", "a/b")]
    [InlineData("CacheFolder", " ")]
    [InlineData("PollInterval", "00:00:00")]
    [InlineData("MaxBatch", "0")]
    [InlineData("MaxBatchTokens", "-1")]
    [InlineData("WaitingRoom", "0")]
    [InlineData("LoadWait", "-00:00:01")]
    [InlineData("LoadWait", "00:03:01")]
    [InlineData("ReviewThreshold", "1.5")]
    [InlineData("Precision", "fp8")]
    public void A_value_that_cannot_be_used_is_named_with_what_is_accepted(string setting, string value)
    {
        var error = Assert.Throws<InvalidOperationException>(() => Read((setting, value)));

        Assert.Contains($"Classifier__{setting}", error.Message);
        Assert.Contains("must be", error.Message);
    }

    [Fact]
    public void A_value_of_the_wrong_kind_is_named() =>
        Assert.Contains("Classifier:MaxBatch", Assert.Throws<InvalidOperationException>(() => Read(("MaxBatch", "many"))).Message);

    private static ClassifierOptions Read(params (string Key, string Value)[] settings) => ClassifierOptions.Read(
        new ConfigurationBuilder().AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create($"Classifier:{setting.Key}", (string?)setting.Value))).Build());
}

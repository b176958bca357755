using Microsoft.Extensions.Configuration;
using Serverless.Models;
using Serverless.Serving;

namespace Serverless.UnitTests.Models;

public sealed class ModelOptionsTests
{
    [Fact]
    public void Training_and_serving_have_the_same_defaults()
    {
        var options = Read();

        Assert.Equal((new ClassifierOptions().Base, new ClassifierOptions().CacheFolder), (options.Base, options.CacheFolder));
    }

    [Fact]
    public void Settings_of_serving_are_not_checked()
    {
        var options = Read(("Classifier:Base", "owner/name"), ("Classifier:ReviewThreshold", "7"));

        Assert.Equal("owner/name", options.Base);
    }

    [Theory]
    [InlineData("Classifier:Base", "name", "Classifier__Base is 'name'; it must be owner/name")]
    [InlineData("Classifier:CacheFolder", " ", "Classifier__CacheFolder is ' '; it must be a folder")]
    public void A_value_that_is_not_valid_is_named(string key, string value, string expected)
    {
        var error = Assert.Throws<UserException>(() => Read((key, value)));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    private static ModelOptions Read(params (string Key, string Value)[] settings) => ModelOptions.Read(
        new ConfigurationBuilder().AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create(setting.Key, (string?)setting.Value))).Build());
}

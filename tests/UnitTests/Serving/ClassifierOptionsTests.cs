using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Serverless.Serving;

namespace Serverless.UnitTests.Serving;

public class ClassifierOptionsTests
{
    [Fact]
    public void Settings_are_read_from_the_section_Classifier()
    {
        var options = Read(
            ("Base", "meta-llama/Llama-3.2-1B-Instruct"), ("PollInterval", "00:00:02"), ("ReviewThreshold", "0.75"), ("WaitingRoom", "4"), ("Precision", "bf16"));

        Assert.Equal("meta-llama/Llama-3.2-1B-Instruct", options.Base);
        Assert.Equal(TimeSpan.FromSeconds(2), options.PollInterval);
        Assert.Equal(0.75, options.ReviewThreshold);
        Assert.Equal(4, options.QueueCapacity);
        Assert.Equal(PrecisionSetting.Bf16, options.Precision);
    }

    [Fact]
    public void Without_settings_the_starter_serves_news()
    {
        var options = Read();

        Assert.Equal(("serverless/starter", "news"), (options.Base, options.Default));
    }

    [Theory]
    [InlineData("Base", "llama")]
    [InlineData("Base", "owner/na me")]
    [InlineData("Base", "../base")]
    [InlineData("Base", "owner/.hidden")]
    [InlineData("Default", "a/b")]
    [InlineData("CacheFolder", " ")]
    [InlineData("PollInterval", "00:00:00")]
    [InlineData("MaxBatch", "0")]
    [InlineData("MaxBatchTokens", "-1")]
    [InlineData("WaitingRoom", "0")]
    [InlineData("LoadWait", "-00:00:01")]
    [InlineData("LoadWait", "00:03:01")]
    [InlineData("ReviewThreshold", "1.5")]
    [InlineData("ReviewThresholds:desk", "-1")]
    public void A_value_that_is_not_valid_is_named_with_the_accepted_values(string setting, string value)
    {
        var error = Assert.Throws<OptionsValidationException>(() => Read((setting, value)));

        Assert.Contains($"Classifier__{setting.Replace(":", "__", StringComparison.Ordinal)}", error.Message);
        Assert.Contains("must be", error.Message);
    }

    [Theory]
    [InlineData("fp8")]
    [InlineData("3")]
    [InlineData("fp32,bf16")]
    [InlineData("")]
    public void A_precision_that_is_not_valid_is_named_with_the_accepted_values(string value)
    {
        var error = Assert.Throws<InvalidOperationException>(() => Read(("Precision", value)));

        Assert.Equal($"The setting Classifier__Precision is '{value}'; it must be auto, fp32, bf16 or int8.", error.Message);
    }

    [Fact]
    public void Several_values_that_are_not_valid_are_named_at_once()
    {
        var error = Assert.Throws<OptionsValidationException>(() => Read(("MaxBatch", "0"), ("Base", "llama")));

        Assert.Equal(2, error.Failures.Count());
    }

    [Fact]
    public void A_program_without_a_host_gets_the_same_error()
    {
        var error = Assert.Throws<InvalidOperationException>(() => ClassifierOptions.Read(Configuration(("MaxBatch", "0"))));

        Assert.Equal("The setting Classifier__MaxBatch is '0'; it must be 1 or more.", error.Message);
    }

    [Fact]
    public void A_value_of_the_wrong_type_is_named() =>
        Assert.Contains("Classifier:MaxBatch", Assert.Throws<InvalidOperationException>(() => Read(("MaxBatch", "many"))).Message);

    private static IConfiguration Configuration(params (string Key, string Value)[] settings) => new ConfigurationBuilder()
        .AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create($"Classifier:{setting.Key}", (string?)setting.Value)))
        .Build();

    private static ClassifierOptions Read(params (string Key, string Value)[] settings)
    {
        using var services = new ServiceCollection().AddClassifierOptions(Configuration(settings)).BuildServiceProvider();
        return services.GetRequiredService<ClassifierOptions>();
    }
}

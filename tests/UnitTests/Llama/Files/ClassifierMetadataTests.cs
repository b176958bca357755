using System.Text;
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
    [InlineData("""{"labels":["a","b"]}""", 128, 1)]
    [InlineData("""{"labels":["a","b"],"maxTokens":64}""", 64, 1)]
    [InlineData("""{"labels":["a","b"],"maxTokens":64.0,"temperature":null}""", 64, 1)]
    [InlineData("""{"Labels":["a","b"],"MaxTokens":64,"Temperature":2}""", 64, 2)]
    public void A_file_written_by_hand_needs_only_the_labels(string json, int maxTokens, double temperature)
    {
        folder.File("labels.json", json);

        var read = ClassifierMetadata.Read(folder.Path);

        Assert.Equal(["a", "b"], read.Labels);
        Assert.Equal((maxTokens, temperature), (read.MaxTokens, read.Temperature));
    }

    [Fact]
    public void A_file_of_a_Windows_editor_is_read()
    {
        folder.File("labels.json", [.. Encoding.Unicode.GetPreamble(), .. Encoding.Unicode.GetBytes("""{"labels":["a","ü"]}""")]);

        Assert.Equal(["a", "ü"], ClassifierMetadata.Read(folder.Path).Labels);
    }

    [Theory]
    [InlineData("", "labels.json is damaged")]
    [InlineData("null", "labels.json is empty")]
    [InlineData("[\n\"a\",", "line 2 is not valid JSON")]
    [InlineData("""["a","b"]""", "is a list. Put the labels into an object: {\"labels\"")]
    [InlineData("\"a\"", "is \"a\"")]
    [InlineData("""{"0":"a","1":"b"}""", "'0' is not a key of this file. Write the labels as a list")]
    [InlineData("""{"labels":["a","b"],"max_tokens":128}""", "'max_tokens' is not a key of this file; write 'maxTokens'")]
    [InlineData("""{"labels":["a","b"],"maxTokens":128,"temperature":1,"pad":0}""", "'pad' is not a key of this file; its keys are")]
    [InlineData("""{"labels":["a"]}""", "two or more different names")]
    [InlineData("""{"labels":["a","a"]}""", "two or more different names")]
    [InlineData("""{"labels":["a",null]}""", "two or more different names")]
    [InlineData("""{"labels":["a",1]}""", "two or more different names in a list; it is [\"a\",1]")]
    [InlineData("""{"labels":"a,b"}""", "two or more different names in a list; it is \"a,b\"")]
    [InlineData("""{"labels":["a","\ud83d"]}""", "surrogate")]
    [InlineData("""{"maxTokens":128}""", "labels.json is missing, or it has no 'labels'")]
    [InlineData("""{"labels":["a","b"],"maxTokens":1}""", "'maxTokens' must be a whole number from 2 to 131072; it is 1.")]
    [InlineData("""{"labels":["a","b"],"maxTokens":2000000000}""", "'maxTokens' must be a whole number from 2 to 131072")]
    [InlineData("""{"labels":["a","b"],"maxTokens":"128"}""", "'maxTokens' must be a whole number from 2 to 131072; it is \"128\"")]
    [InlineData("""{"labels":["a","b"],"maxTokens":3.5}""", "'maxTokens'")]
    [InlineData("""{"labels":["a","b"],"temperature":0}""", "'temperature' must be a number above zero; it is 0.")]
    [InlineData("""{"labels":["a","b"],"temperature":1e999}""", "'temperature'")]
    public void A_file_that_cannot_be_used_says_why_in_its_own_terms(string json, string reason)
    {
        folder.File("labels.json", json);

        var error = Assert.Throws<InvalidDataException>(() => ClassifierMetadata.Read(folder.Path));

        Assert.Contains(folder.Path, error.Message, StringComparison.Ordinal);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("Serverless.", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("System.", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"id2label":{"0":"a","1":"b","2":"c"},"label2id":{"a":0}}""")]
    [InlineData("""{"id2label":{"2":"c","0":"a","1":"b"}}""")]
    public void The_labels_of_an_adapter_s_config_serve_where_there_is_no_file(string config)
    {
        folder.File("config.json", config);

        var read = ClassifierMetadata.Read(folder.Path);

        Assert.Equal(["a", "b", "c"], read.Labels);
        Assert.Equal((128, 1), (read.MaxTokens, read.Temperature));
    }

    [Fact]
    public void The_file_goes_before_the_config_and_may_leave_the_labels_to_it()
    {
        folder.File("config.json", """{"id2label":{"0":"a","1":"b"}}""");
        folder.File("labels.json", """{"maxTokens":64}""");
        var limited = ClassifierMetadata.Read(folder.Path);
        folder.File("labels.json", """{"labels":["x","y"]}""");

        Assert.Equal((64, "a"), (limited.MaxTokens, limited.Labels[0]));
        Assert.Equal(["x", "y"], ClassifierMetadata.Read(folder.Path).Labels);
    }

    [Theory]
    [InlineData("""{"id2label":{"0":"a","2":"b"}}""", "1 is missing")]
    [InlineData("""{"id2label":{"0":"a"}}""", "two or more different names")]
    [InlineData("""{"id2label":["a","b"]}""", "'id2label' must be an object")]
    [InlineData("""{"id2label":{"0":1,"1":2}}""", "'id2label' must be an object")]
    [InlineData("""{"model_type":"llama"}""", "labels.json is missing")]
    [InlineData("{", "config.json is damaged")]
    [InlineData(null, "labels.json is missing")]
    public void Labels_of_a_config_that_cannot_be_used_say_why(string? config, string reason)
    {
        if (config is not null)
        {
            folder.File("config.json", config);
        }

        Assert.Contains(reason, Assert.Throws<InvalidDataException>(() => ClassifierMetadata.Read(folder.Path)).Message, StringComparison.Ordinal);
    }
}

using System.Text.Json;
using Serverless.Models;

namespace Serverless.UnitTests.Models;

/// <summary>A manifest is data: what cannot be downloaded is found when it is read.</summary>
public sealed class ModelManifestTests
{
    public static TheoryData<string, string> FileNames { get; } = new()
    {
        { new string('x', 300) + ".json", "valid file name" },
        { "plots/" + new string('é', 130) + ".png", "valid file name" },
        { "labels\0.json", "valid file name" },
        { "labels\n.json", "valid file name" },
        { "a\\b.json", "valid file name" },
        { "../labels.json", "outside its folder" },
        { "/etc/labels.json", "outside its folder" },
        { "", "outside its folder" },
    };

    [Theory]
    [MemberData(nameof(FileNames))]
    public void A_name_that_is_no_file_name_is_refused_and_printable(string name, string reason)
    {
        var json = JsonSerializer.Serialize(new { baseModel = "a/b", created = DateTimeOffset.UnixEpoch, files = new Dictionary<string, string> { [name] = "00" } });

        var error = Assert.Throws<InvalidDataException>(() => ModelManifest.Parse(BinaryData.FromString(json), "adapters/news/v1/manifest.json"));

        Assert.StartsWith("adapters/news/v1/manifest.json", error.Message, StringComparison.Ordinal);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(error.Message, char.IsControl);
        Assert.InRange(error.Message.Length, 0, 300);
    }

    [Theory]
    [InlineData("[]", "is damaged")]
    [InlineData("""{"baseModel":"a/b","created":"yesterday","files":{}}""", "'created' is missing or has a value of another kind")]
    [InlineData("{\n\"files\":", "line 2 is not valid JSON")]
    [InlineData("""{"baseModel":"a/b","files":[]}""", "'files'")]
    [InlineData("""{"baseModel":"a/b","files":{"x":1}}""", "'files.x'")]
    [InlineData("""{"baseModel":7,"files":{}}""", "'baseModel'")]
    [InlineData("""{"baseModel":"a/../b","files":{}}""", "must be owner/name")]
    [InlineData("""{"baseModel":"a/b\u0000","files":{}}""", "must be owner/name")]
    [InlineData("""{"files":{}}""", "it needs 'baseModel' and 'files'")]
    public void A_manifest_that_cannot_be_read_says_why_in_its_own_terms(string json, string reason)
    {
        var error = Assert.Throws<InvalidDataException>(() => ModelManifest.Parse(BinaryData.FromString(json), "m.json"));

        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("Serverless.", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("System.", error.Message, StringComparison.Ordinal);
    }
}

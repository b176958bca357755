using Serverless.Storage;

namespace Serverless.UnitTests.Storage;

public class StorageNamesTests
{
    [Theory]
    [InlineData("news/2026-11.csv", "news")]
    [InlineData("news/2026/11.csv", "news")]
    [InlineData("My_team-2/a.jsonl", "My_team-2")]
    public void A_data_set_trains_the_classifier_that_its_first_path_segment_names(string blob, string classifier) =>
        Assert.Equal(classifier, StorageNames.ParseClassifier(blob));

    [Theory]
    [InlineData("2026-11.csv")]
    [InlineData("/2026-11.csv")]
    [InlineData("news/")]
    [InlineData("../news/a.csv")]
    [InlineData("né ws/a.csv")]
    [InlineData("-news/a.csv")]
    public void A_data_set_outside_a_folder_with_a_valid_name_trains_nothing(string blob) => Assert.Null(StorageNames.ParseClassifier(blob));

    [Theory]
    [InlineData("../../etc")]
    [InlineData("a/b")]
    [InlineData("")]
    [InlineData("news\n")]
    public void A_name_that_would_lead_out_of_its_folder_is_refused(string name)
    {
        Assert.Throws<ArgumentException>(() => StorageNames.VersionFolder(name, "v1"));
        Assert.Throws<ArgumentException>(() => StorageNames.VersionFolder("news", name));
        Assert.Throws<ArgumentException>(() => StorageNames.ResultBlob(name, new string('0', 64)));
    }

    [Fact]
    public void A_base_model_keeps_its_hub_name_as_its_path() =>
        Assert.Equal("base/meta-llama/Llama-3.2-1B-Instruct/", StorageNames.BaseFolder("meta-llama/Llama-3.2-1B-Instruct"));

    [Fact]
    public void Row_keys_of_the_table_recent_sort_the_newest_first()
    {
        var earlier = new DateTimeOffset(2026, 11, 23, 10, 0, 0, TimeSpan.Zero);

        var keys = new[] { StorageNames.RecentRow("a", earlier), StorageNames.RecentRow("b", earlier.AddTicks(1)) };

        Assert.True(string.CompareOrdinal(keys[1], keys[0]) < 0);
    }
}

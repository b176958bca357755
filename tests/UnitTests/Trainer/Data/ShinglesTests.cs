
using Serverless.Trainer.Data;

namespace Serverless.UnitTests.Trainer.Data;

public sealed class ShinglesTests
{
    private readonly Shingles shingles = new(["One two three, four five SIX seven eight nine.", "Too short"]);

    [Fact]
    public void Eight_words_in_a_row_are_found_whatever_stands_between_them()
    {
        var found = shingles.Find("zero &lt;b&gt;two&lt;/b&gt; - three four five; six\nseven eight nine");

        Assert.Equal(("two three four five six seven eight nine", 0), found);
    }

    [Fact]
    public void Apostrophes_make_no_words()
    {
        var found = new Shingles(["the company #39;s first car isn't what they said"]).Find("The company's first car isn&#39;t what they said.");

        Assert.Equal("the company's first car isn't what they said", found?.Words);
    }

    [Fact]
    public void Rows_that_overlap_are_left_out_and_told_but_test_rows_stay()
    {
        DataSetRow[] rows = [Row("nobody knows this one", null), Row("one two three four five six seven eight", null), Row("two three four five six seven eight nine", DataPart.Test)];

        var (kept, notes) = shingles.Remove(rows);

        Assert.Equal([rows[0], rows[2]], kept);
        Assert.Equal("1 rows left out that share 8 consecutive words with an excluded article.", Assert.Single(notes));
    }

    [Fact]
    public void Seven_words_in_a_row_are_not()
    {
        Assert.Null(shingles.Find("two three four five six seven eight ten nine"));
    }

    [Fact]
    public void A_short_text_is_found_where_it_is_the_whole_of_another()
    {
        Assert.Equal(1, shingles.Find("too short!")!.Value.Owner);
        Assert.Null(shingles.Find("far too short"));
    }

    private static DataSetRow Row(string text, DataPart? part) => new(RowPlace.Line(2), text, "a", part);
}

using Serverless.Training;

namespace Serverless.UnitTests.Training;

public sealed class DatasetColumnsTests
{
    [Theory]
    [InlineData("text,label", null, null, "text,,label")]
    [InlineData("Text,LABEL", null, null, "Text,,LABEL")]
    [InlineData("\u00A0text\u00A0,label\u200B,Split", null, null, "\u00A0text\u00A0,,label\u200B")]
    [InlineData("TEXT,Text,text,label", null, null, "text,,label")]
    [InlineData("id,title,text,label", null, null, "text,title,label")]
    [InlineData("Class Index,Title,Description", null, null, "Description,Title,Class Index")]
    [InlineData("title,label", null, null, ",title,label")]
    [InlineData("Sentence,Category", "Sentence", "Category", "Sentence,,Category")]
    [InlineData("Sentence,Category", "sentence", "CATEGORY", "Sentence,,Category")]
    [InlineData("Sentence,sentence,label", "sentence", null, "sentence,,label")]
    [InlineData("title,body,label", "title", null, "title,,label")]
    [InlineData("title,body,label", "body", null, "body,title,label")]
    [InlineData("notes,notes,text,label", null, null, "text,,label")]
    public void Columns_are_found_by_their_names_whatever_their_case(string names, string? text, string? label, string expected)
    {
        var header = names.Split(',');

        var columns = DatasetColumns.Find(header, text, label);

        Assert.True(columns.AreUsable);
        Assert.Equal(expected, string.Join(',', new[] { columns.Text, columns.Title, columns.Label }.Select(index => index is { } i ? header[i] : "")));
    }

    [Theory]
    [InlineData("body,topic", null, null, null)]
    [InlineData("title,label", "body", null, null)]
    [InlineData("Text,TEXT,label", null, null, "the columns 'Text' and 'TEXT', which differ in case only")]
    [InlineData("text,label,text", null, null, "the column 'text' twice")]
    [InlineData("text,Topic,TOPIC", null, "topic", "the columns 'Topic' and 'TOPIC', which differ in case only")]
    public void Names_that_are_missing_or_ambiguous_are_not_usable(string names, string? text, string? label, string? error)
    {
        var columns = DatasetColumns.Find(names.Split(','), text, label);

        Assert.False(columns.AreUsable);
        Assert.Equal(error, columns.Error);
    }
}

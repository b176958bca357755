using Serverless.Trainer.Data;

namespace Serverless.UnitTests.Llama.Tokenizer;

/// <summary>Every text of the AG News files, which are not in the repository.</summary>
internal static class NewsTexts
{
    public static IReadOnlyList<string> Read()
    {
        Assert.SkipWhen(Repository.Data is null, "The data is missing: set SERVERLESS_DATA to its folder.");
        var files = Directory.EnumerateFiles(Path.Combine(Repository.Data!, "ag_news"), "*.csv").Order();
        return [.. files.SelectMany(file => DataSetFile.Read(file).Rows).Select(row => row.Text)];
    }
}


using Serverless.Trainer.Data;

namespace Serverless.UnitTests.Llama.Tokenizer;

/// <summary>Every text of the AG News files; the files stay out of the repository.</summary>
internal static class NewsTexts
{
    public static IReadOnlyList<string> Read()
    {
        Assert.SkipWhen(Repository.Data is null, "The data is not here: name its folder in SERVERLESS_DATA.");
        var files = Directory.EnumerateFiles(Path.Combine(Repository.Data!, "ag_news"), "*.csv").Order();
        return [.. files.SelectMany(file => DataSetFile.Read(file).Rows).Select(row => row.Text)];
    }
}

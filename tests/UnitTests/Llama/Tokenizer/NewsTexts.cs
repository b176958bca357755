using Serverless.Trainer.Data;

namespace Serverless.UnitTests.Llama.Tokenizer;

/// <summary>Every text of the AG News files, which are not in the repository.</summary>
internal static class NewsTexts
{
    public static async Task<IReadOnlyList<string>> ReadAsync()
    {
        Assert.SkipWhen(Repository.Data is null, "The data is missing: set SERVERLESS_DATA to its folder.");
        var files = Directory.EnumerateFiles(Path.Combine(Repository.Data!, "ag_news"), "*.csv").Order();
        var texts = new List<string>();
        foreach (var file in files)
        {
            texts.AddRange((await DataSetFile.ReadAsync(file, cancellationToken: TestContext.Current.CancellationToken)).Rows.Select(row => row.Text));
        }

        return texts;
    }
}

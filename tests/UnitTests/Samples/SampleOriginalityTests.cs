using System.IO.Compression;

namespace Serverless.UnitTests.Samples;

/// <summary>Every sample was written for this repository and is unlike the others and unlike the data the starter learnt from.</summary>
public sealed class SampleOriginalityTests
{
    /// <summary>Two texts that share this many words in a row have one source.</summary>
    private const int CopiedRun = 8;

    private static readonly (SampleArticle Article, WordRuns Runs)[] Samples =
        [.. SampleFiles.All().Select(article => (article, new WordRuns(article.Text)))];

    [Fact]
    public void No_two_articles_share_eight_words_in_a_row()
    {
        var copied = Samples
            .SelectMany(sample => sample.Runs.SetOfLength(CopiedRun).Select(run => (Run: run, sample.Article.Id)))
            .GroupBy(found => found.Run, found => found.Id)
            .Where(run => run.Count() > 1)
            .Select(run => $"'{run.Key}' in {string.Join(" and ", run)}");

        Assert.Empty(copied);
    }

    [Fact]
    public void No_two_articles_are_near_duplicates()
    {
        var shingles = Samples.Select(sample => sample.Runs.SetOfLength(3)).ToArray();
        var alike =
            from first in Enumerable.Range(0, Samples.Length)
            from second in Enumerable.Range(first + 1, Samples.Length - first - 1)
            let similarity = Jaccard(shingles[first], shingles[second])
            where similarity >= 0.2
            select $"{Samples[first].Article.Id} and {Samples[second].Article.Id}: {similarity:F2}";

        Assert.Empty(alike);
    }

    [Fact]
    public void At_most_two_articles_of_a_label_open_with_the_same_three_words()
    {
        var repeated = Samples
            .CountBy(sample => (sample.Article.Label, Opening: string.Join(' ', sample.Runs.Words.Take(3))))
            .Where(opening => opening.Value > 2);

        Assert.Empty(repeated);
    }

    [Fact]
    public void No_article_shares_eight_words_in_a_row_with_the_training_data()
    {
        var data = Repository.Data;
        Assert.SkipUnless(
            data is not null,
            "Needs the training data: set SERVERLESS_DATA to its folder or put it at ../shared/data beside the repository.");
        var sampleRuns = Samples.SelectMany(sample => sample.Runs.OfLength(CopiedRun)).Select(run => run.ToString()).ToHashSet();
        var lookup = sampleRuns.GetAlternateLookup<ReadOnlySpan<char>>();
        var files = Directory.GetFiles(data, "*", SearchOption.AllDirectories).Where(IsCorpus).ToArray();

        var copied = files
            .SelectMany(ReadLines)
            .SelectMany(line => new WordRuns(line).OfLength(CopiedRun))
            .Where(run => lookup.Contains(run.Span));

        Assert.NotEmpty(files);
        Assert.Empty(copied.Select(run => run.ToString()));
    }

    private static double Jaccard(HashSet<string> first, HashSet<string> second)
    {
        var shared = first.Count(second.Contains);
        return (double)shared / (first.Count + second.Count - shared);
    }

    private static bool IsCorpus(string path) =>
        path.EndsWith(".csv", StringComparison.Ordinal) || path.EndsWith(".txt.gz", StringComparison.Ordinal);

    private static IEnumerable<string> ReadLines(string path)
    {
        using Stream file = File.OpenRead(path);
        using var plain = path.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(file, CompressionMode.Decompress) : file;
        using var reader = new StreamReader(plain);
        while (reader.ReadLine() is { } line)
        {
            yield return line;
        }
    }
}

using Serverless.Trainer.Commands;
using Serverless.Trainer.Evaluation;
using Spectre.Console;

namespace Serverless.UnitTests.Trainer.Evaluation;

public sealed class TokenLengthsTests
{
    private static readonly TokenLengths Lengths = new(Enumerable.Range(1, 100).Reverse());

    [Theory]
    [InlineData(0, 1)]
    [InlineData(0.5, 50)]
    [InlineData(0.95, 95)]
    [InlineData(1, 100)]
    public void A_percentile_is_the_length_that_so_many_articles_do_not_exceed(double share, int length) => Assert.Equal(length, Lengths.Percentile(share));

    [Theory]
    [InlineData(90, "10 % of the articles are longer than 90 tokens (max_length), half of all have at most 50; what follows is not read: ")]
    [InlineData(50, "50 % of the articles are longer than 50 tokens (max_length), ")]
    [InlineData(91, null)]
    public void A_limit_that_cuts_a_tenth_of_the_articles_is_described(int limit, string? expected)
    {
        var described = Lengths.DescribeTruncated(limit);

        Assert.Equal(expected is null, described is null);
        Assert.StartsWith(expected ?? "", described ?? "", StringComparison.Ordinal);
    }

    [Fact]
    public void A_limit_costs_what_it_leaves_and_saves_what_it_cuts()
    {
        var limit = Lengths.At(80, ToyModel.Config);

        Assert.Equal(0.2, limit.Truncated, 9);
        Assert.Equal((5050.0 - 210) / 5050, limit.TokensKept, 9); // 1 + 2 + … + 20 tokens are cut
        // Linear layers follow the tokens kept, attention their squares: the whole lies below the share of tokens.
        Assert.InRange(limit.Cost, 0.8, limit.TokensKept);
        Assert.True(limit.PaddedCost > 1.4, $"{limit.PaddedCost}");
    }

    [Fact]
    public void A_limit_that_cuts_nothing_costs_all() => Assert.Equal((0, 1, 1), Lengths.At(100, ToyModel.Config) switch { var limit => (limit.Truncated, limit.TokensKept, limit.Cost) });

    [Fact]
    public void A_terminal_shows_histogram_percentiles_and_what_each_limit_cuts_and_costs()
    {
        using var written = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(written), Ansi = AnsiSupport.No });

        LengthsCommand.Write(console, "a.csv", Lengths, [Lengths.At(80, ToyModel.Config)]);

        var lines = written.ToString().Split('\n').Select(line => string.Join(' ', line.Split(' ', StringSplitOptions.RemoveEmptyEntries))).ToArray();
        Assert.Equal("a.csv: 100 articles, 50.5 tokens on average", lines[0]);
        Assert.Contains("│ articles │ 50 % │ 75 % │ 90 % │ 95 % │ 99 % │ all │", lines);
        Assert.Contains("│ tokens at most │ 50 │ 75 │ 90 │ 95 │ 99 │ 100 │", lines);
        Assert.Contains(lines, line => line.StartsWith("│ 80 │ 20.0 % │ 95.8 % │", StringComparison.Ordinal));
        Assert.Equal(100, lines.Where(line => line.Contains('█', StringComparison.Ordinal)).Sum(line => int.Parse(line.Split(' ')[^1], null)));
    }

    [Theory]
    [InlineData(20)]
    [InlineData(60)]
    public void The_bins_of_a_histogram_hold_every_article_once(int most)
    {
        var bins = new TokenLengths([.. Enumerable.Range(1, 500), 9000]).Histogram(most);

        Assert.Equal(501, bins.Sum(bin => bin.Articles));
        Assert.InRange(bins.Count, most / 4, most);
        Assert.Equal(9001, bins[^1].To);
        Assert.All(bins.Zip(bins.Skip(1)), pair => Assert.Equal(pair.First.To, pair.Second.From));
    }
}

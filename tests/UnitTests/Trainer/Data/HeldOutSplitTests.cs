
using Serverless.Trainer.Data;

namespace Serverless.UnitTests.Trainer.Data;

public sealed class HeldOutSplitTests
{
    [Fact]
    public void About_the_fraction_of_the_rows_is_held_out_and_nothing_is_lost()
    {
        var rows = Rows(0, 5000);

        var (train, heldOut, test) = HeldOutSplit.Split(rows, 0.1);

        Assert.InRange(heldOut.Count, 430, 570); // 500, plus or minus three standard deviations
        Assert.Equal(rows.Count, train.Count + heldOut.Count);
        Assert.Empty(test);
    }

    [Fact]
    public void A_row_stays_on_its_side_when_the_data_set_grows()
    {
        var (trainBefore, heldOutBefore, _) = HeldOutSplit.Split(Rows(0, 600), 0.1);

        var (trainAfter, heldOutAfter, _) = HeldOutSplit.Split([.. Rows(600, 900), .. Enumerable.Reverse(Rows(0, 600))], 0.1);

        Assert.Subset(heldOutAfter.Select(row => row.Text).ToHashSet(), heldOutBefore.Select(row => row.Text).ToHashSet());
        Assert.Subset(trainAfter.Select(row => row.Text).ToHashSet(), trainBefore.Select(row => row.Text).ToHashSet());
    }

    [Fact]
    public void A_label_with_nothing_under_the_fraction_gives_its_row_with_the_lowest_hash()
    {
        var rows = Rows(0, 40);

        var (_, heldOut, _) = HeldOutSplit.Split(rows, 1e-9);

        Assert.Equal(
            rows.GroupBy(row => row.Label).Select(label => label.MinBy(row => row.Hash.Value)!.Text).Order(StringComparer.Ordinal),
            heldOut.Select(row => row.Text).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Rows_that_the_file_marks_are_held_out_and_no_others()
    {
        DataSetRow[] rows = [.. Rows(0, 100), new(RowPlace.Line(101), "marked", "even", DataPart.HeldOut), new(RowPlace.Line(102), "final", "odd", DataPart.Test)];

        var (train, heldOut, test) = HeldOutSplit.Split(rows, 0.5);

        Assert.Equal((100, "marked", "final"), (train.Count, heldOut.Single().Text, test.Single().Text));
    }

    [Fact]
    public void The_hash_of_a_text_never_changes()
    {
        // printf 'oil prices fall' | sha256sum. A change of this figure would train new versions on what old ones were judged by.
        Assert.Equal(TextHash.Compute("oil prices fall"), TextHash.Compute("  Oil\tPRICES \n fall "));
        Assert.Equal("5472d1b1b16e907eb842a60403bac851", TextHash.Compute("oil prices fall").Value.ToString("x32", null));
    }

    [Fact]
    public void Fractions_lie_from_zero_to_below_one()
    {
        Assert.Equal(0, new TextHash(UInt128.Zero).Fraction);
        Assert.Equal(0.5, new TextHash(UInt128.One << 127).Fraction);
        Assert.InRange(new TextHash(UInt128.MaxValue).Fraction, 0.999999, Math.BitDecrement(1.0));
    }

    private static List<DataSetRow> Rows(int first, int count) =>
        [.. Enumerable.Range(first, count).Select(i => new DataSetRow(RowPlace.Line(i + 2), $"article number {i}", i % 2 == 0 ? "even" : "odd", null))];
}

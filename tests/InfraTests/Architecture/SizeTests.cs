using System.Text.RegularExpressions;

namespace Serverless.InfraTests.Architecture;

/// <summary>Bounds on files, lines and names.</summary>
public sealed partial class SizeTests
{
    private const int MaxProductLines = 250;
    private const int MaxTestLines = 300;
    private const int MaxColumns = 160;
    private const int MaxNameLength = 80;

    private static readonly IReadOnlyList<SourceFile> Product =
        [.. new[] { "shared", "functions", "trainer", "infra/local" }.SelectMany(folder => SourceFile.In(folder, ".cs", ".js"))];

    private static readonly IReadOnlyList<SourceFile> Tests = SourceFile.In("tests", ".cs");

    [Fact]
    public void A_product_file_has_at_most_250_lines() => NoneIn(
        from file in Product
        where file.Lines.Count > MaxProductLines
        select $"{file.Path}: {file.Lines.Count} lines");

    [Fact]
    public void A_test_file_has_at_most_300_lines() => NoneIn(
        from file in Tests
        where file.Lines.Count > MaxTestLines
        select $"{file.Path}: {file.Lines.Count} lines");

    [Fact]
    public void A_product_line_has_at_most_160_columns() => NoneIn(
        from file in Product
        from line in file.Lines.Index()
        where line.Item.Length > MaxColumns
        select $"{file.Path}({line.Index + 1}): {line.Item.Length} columns");

    [Fact]
    public void A_test_name_has_at_most_80_characters() => NoneIn(
        from file in Tests
        from method in TestMethod().Matches(file.Code)
        let name = method.Groups[1].Value
        where name.Length > MaxNameLength
        select $"{file.Path}: {name} ({name.Length})");

    [Fact]
    public void All_source_files_are_read()
    {
        Assert.InRange(Product.Count, 200, 1000);
        Assert.InRange(Tests.Sum(file => TestMethod().Count(file.Code)), 500, 5000);
        Assert.Contains(Product, file => file.Path.EndsWith(".js", StringComparison.Ordinal));
    }

    private static void NoneIn(IEnumerable<string> violations) => Assert.True(!violations.Any(), string.Join('\n', violations));

    [GeneratedRegex(@"\[(?:Fact|Theory)\b[^\n]*\n(?:\s*\[[^\n]*\n)*\s*public (?:async )?\w+ (\w+)\(")]
    private static partial Regex TestMethod();
}

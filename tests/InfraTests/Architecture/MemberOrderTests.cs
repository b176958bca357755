using System.Text.RegularExpressions;

namespace Serverless.InfraTests.Architecture;

/// <summary>The order of members: what others call comes before what only the type itself calls.</summary>
public sealed partial class MemberOrderTests
{
    private static readonly IReadOnlyList<SourceFile> Product =
        [.. new[] { "shared", "functions", "trainer", "infra/local" }.SelectMany(folder => SourceFile.In(folder, ".cs"))];

    [Fact]
    public void No_method_that_others_call_stands_below_a_private_one()
    {
        var violations = Product.SelectMany(Violations).ToArray();

        Assert.True(violations.Length == 0, string.Join('\n', violations));
    }

    [Fact]
    public void Methods_are_recognized()
    {
        Assert.InRange(Product.Sum(file => file.Lines.Count(line => Method().IsMatch(line))), 1000, 10_000);
    }

    private static IEnumerable<string> Violations(SourceFile file)
    {
        var type = "";
        var isBelowPrivate = false;
        foreach (var (index, line) in file.Lines.Index())
        {
            if (Type().Match(line) is { Success: true } declaration)
            {
                type = declaration.Groups[1].Value;
                isBelowPrivate = false;
            }
            else if (Method().Match(line) is { Success: true } method && method.Groups["name"].Value != type)
            {
                var isPrivate = method.Groups["access"].Value == "private";
                if (isBelowPrivate && !isPrivate)
                {
                    yield return $"{file.Path}({index + 1}): {method.Groups["name"].Value}";
                }

                isBelowPrivate |= isPrivate;
            }
        }
    }

    [GeneratedRegex(@"^(?:public |internal |file )?(?:sealed |static |abstract |readonly |partial )*(?:class|record struct|record|struct|interface) (\w+)")]
    private static partial Regex Type();

    // Members of a top-level type; a field or property has no parenthesis before its equals sign.
    [GeneratedRegex(@"^    (?<access>public|internal|private|private protected|protected) (?!.*\b(?:class|record|struct|enum|interface|delegate|const)\b)[^=(]*?\b(?<name>\w+)(?:<[^(=]*>)?\([^=]*")]
    private static partial Regex Method();
}

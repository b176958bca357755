using System.Text.RegularExpressions;

namespace Serverless.InfraTests.Architecture;

/// <summary>A source file of the repository.</summary>
/// <param name="Path">Relative to the repository.</param>
/// <param name="Lines">Its lines.</param>
internal sealed partial record SourceFile(string Path, IReadOnlyList<string> Lines)
{
    private static readonly string[] Ignored = ["node_modules", "bin", "obj"];

    /// <summary>The lines without comments.</summary>
    public string Code { get; } = string.Join('\n', Lines.Select(line => Comment().Replace(line, "")));

    public string Namespace => NamespaceLine().Match(Code).Groups[1].Value;

    /// <summary>The names in its using directives, and names that are written in full.</summary>
    public IReadOnlyList<string> Usings =>
        [.. Using().Matches(Code).Concat(FullName().Matches(NamespaceLine().Replace(Code, ""))).Select(match => match.Groups[1].Value).Distinct()];

    /// <summary>The names of the types that it declares.</summary>
    public IReadOnlyList<string> Types => [.. TypeDeclaration().Matches(Code).Select(match => match.Groups[1].Value)];

    /// <summary>All source files of a folder, those of its subfolders included.</summary>
    public static IReadOnlyList<SourceFile> In(string folder, params string[] extensions) =>
    [
        .. from path in Directory.EnumerateFiles(Repository.PathOf(folder), "*", SearchOption.AllDirectories)
           let relative = System.IO.Path.GetRelativePath(Repository.Root, path)
           where extensions.Contains(System.IO.Path.GetExtension(path)) && !relative.Split('/').Intersect(Ignored).Any()
           orderby relative
           select new SourceFile(relative, File.ReadAllLines(path)),
    ];

    /// <summary>Whether the code contains the name of a type that the other file declares.</summary>
    public bool Mentions(SourceFile other) => other.Types.Any(type => Regex.IsMatch(Code, $@"(?<![\w.]){type}\b"));

    public override string ToString() => Path;

    [GeneratedRegex(@"^\s*//.*|\s//\s.*")]
    private static partial Regex Comment();

    [GeneratedRegex(@"^namespace ([\w.]+);", RegexOptions.Multiline)]
    private static partial Regex NamespaceLine();

    [GeneratedRegex(@"^\s*(?:global )?using (?:static |\w+ = )?([A-Z][\w.]*);", RegexOptions.Multiline)]
    private static partial Regex Using();

    [GeneratedRegex(@"\b(Serverless(?:\.[A-Z]\w*)+)")]
    private static partial Regex FullName();

    [GeneratedRegex(@"^(?:\w+ )*(?:class|record struct|record|struct|interface|enum) (\w+)", RegexOptions.Multiline)]
    private static partial Regex TypeDeclaration();
}

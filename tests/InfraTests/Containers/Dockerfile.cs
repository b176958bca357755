using System.Text.RegularExpressions;

namespace Serverless.InfraTests.Containers;

/// <summary>The instructions of a Dockerfile, with continued lines joined and without comments.</summary>
internal sealed partial record Dockerfile(IReadOnlyList<(string Name, string Arguments)> Instructions)
{
    public static TheoryData<string> Names => new("functions", "trainer");

    public static string PathOf(string name) => $"infra/containers/{name}.Dockerfile";

    public static Dockerfile Read(string name)
    {
        var lines = Repository.Read(PathOf(name)).Split('\n').Where(line => !line.StartsWith('#'));
        var joined = Continued().Replace(string.Join('\n', lines), " ");
        return new Dockerfile(
            [.. from line in joined.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
                let parts = line.Split(' ', 2)
                select (parts[0], parts[1].Trim())]);
    }

    public IEnumerable<string> All(string name) => from each in Instructions where each.Name == name select each.Arguments;

    /// <summary>The instructions of the last stage, which is the image.</summary>
    public Dockerfile Image => new([.. Instructions.Skip(Instructions.Select(each => each.Name).ToList().LastIndexOf("FROM"))]);

    /// <summary>Sources of COPY in the repository, not in another stage.</summary>
    public IEnumerable<string> CopiedFromRepository =>
        from each in All("COPY") where !each.StartsWith("--from", StringComparison.Ordinal) from source in each.Split(' ').SkipLast(1) select source;

    /// <summary>The arguments of the only <c>dotnet publish</c>, split as by a shell.</summary>
    public IReadOnlyList<string> Publish =>
        [.. PublishCommand().Match(Assert.Single(All("RUN"), run => run.Contains("dotnet publish", StringComparison.Ordinal))).Groups[1].Value
            .Split(' ', StringSplitOptions.RemoveEmptyEntries)];

    [GeneratedRegex(@"\\\n\s*")]
    private static partial Regex Continued();

    [GeneratedRegex("dotnet (publish [^&]*)")]
    private static partial Regex PublishCommand();
}

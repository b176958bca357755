namespace Serverless.InfraTests.Architecture;

/// <summary>Dependencies between the namespaces of a folder have no cycle.</summary>
/// <remarks>
/// A file can use the types of its parent namespace without a using directive. Such a dependency is found by the names of the types.
/// </remarks>
public sealed class CycleTests
{
    [Theory]
    [InlineData("shared")]
    [InlineData("functions")]
    [InlineData("trainer")]
    [InlineData("infra/local")]
    public void There_is_no_cycle_between_the_folders(string folder)
    {
        var dependencies = Dependencies(SourceFile.In(folder, ".cs"));

        var cycle = Cycle(dependencies);

        Assert.True(dependencies.Count > 1);
        Assert.True(cycle.Count == 0, string.Join('\n', cycle));
    }

    [Fact]
    public void A_cycle_through_using_directives_is_found() => Assert.Equal(
        ["A → B (a.cs)", "B → C (b.cs)", "C → A (c.cs)"],
        Cycle(Dependencies(
        [
            new SourceFile("a.cs", ["using B;", "namespace A;"]),
            new SourceFile("b.cs", ["using C;", "namespace B;"]),
            new SourceFile("c.cs", ["using A;", "namespace C;"]),
        ])));

    [Fact]
    public void A_cycle_with_the_parent_namespace_is_found() => Assert.Equal(
        ["A → A.B (a.cs)", "A.B → A (b.cs)"],
        Cycle(Dependencies(
        [
            new SourceFile("a.cs", ["using A.B;", "namespace A;", "public class Outer;"]),
            new SourceFile("b.cs", ["namespace A.B;", "public class Inner(Outer outer);"]),
        ])));

    [Fact]
    public void A_child_that_does_not_mention_its_parent_does_not_depend_on_it() => Assert.Empty(
        Cycle(Dependencies(
        [
            new SourceFile("a.cs", ["using A.B;", "namespace A;", "public class Outer;"]),
            new SourceFile("b.cs", ["namespace A.B;", "public class Inner;"]),
        ])));

    /// <summary>For each namespace the namespaces that it uses, each with a file that does so.</summary>
    private static Dictionary<string, Dictionary<string, string>> Dependencies(IReadOnlyList<SourceFile> files)
    {
        var namespaces = files.Where(file => file.Namespace.Length > 0).GroupBy(file => file.Namespace)
            .ToDictionary(group => group.Key, group => group.ToList());
        var dependencies = namespaces.Keys.ToDictionary(name => name, _ => new Dictionary<string, string>());
        foreach (var file in namespaces.Values.SelectMany(group => group))
        {
            var parents = namespaces.Keys.Where(name =>
                file.Namespace.StartsWith($"{name}.", StringComparison.Ordinal) && namespaces[name].Any(file.Mentions));
            var names = file.Usings.Select(used => Resolve(used, namespaces.Keys)).OfType<string>();
            foreach (var used in names.Concat(parents).Where(name => name != file.Namespace))
            {
                dependencies[file.Namespace].TryAdd(used, file.Path);
            }
        }

        return dependencies;
    }

    /// <summary>The innermost namespace that a name is in; null for the namespaces of other folders.</summary>
    private static string? Resolve(string name, IEnumerable<string> namespaces) =>
        namespaces.Where(each => name == each || name.StartsWith($"{each}.", StringComparison.Ordinal)).MaxBy(each => each.Length);

    /// <summary>The steps of a cycle; empty if there is none.</summary>
    private static IReadOnlyList<string> Cycle(Dictionary<string, Dictionary<string, string>> dependencies)
    {
        var path = new List<string>();
        var done = new HashSet<string>();
        var cycle = dependencies.Keys.Order(StringComparer.Ordinal).Select(Visit).FirstOrDefault(found => found is not null) ?? [];
        return [.. cycle.Zip(cycle.Skip(1), (from, to) => $"{from} → {to} ({dependencies[from][to]})")];

        List<string>? Visit(string name)
        {
            if (path.IndexOf(name) is >= 0 and var start)
            {
                return [.. path[start..], name];
            }

            if (!done.Add(name))
            {
                return null;
            }

            path.Add(name);
            var found = dependencies[name].Keys.Order(StringComparer.Ordinal).Select(Visit).FirstOrDefault(each => each is not null);
            path.RemoveAt(path.Count - 1);
            return found;
        }
    }
}

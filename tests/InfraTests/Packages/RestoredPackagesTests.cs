using System.Text.Json.Nodes;
using System.Xml.Linq;

namespace Serverless.InfraTests.Packages;

/// <summary><c>./topics</c> restores the packages of the product only, not those of the tests.</summary>
/// <remarks>The driver of the test browser, Bicep and BenchmarkDotNet with Roslyn would be 1.4 GB more at the first start.</remarks>
public sealed class RestoredPackagesTests
{
    [Theory]
    [InlineData("Local")]
    [InlineData("Functions")]
    [InlineData("Trainer")]
    public void No_package_of_the_tests_is_restored_for_the_product(string project)
    {
        var restored = PackagesOf(project);

        Assert.Contains("TorchSharp", restored);
        Assert.Empty(restored.Intersect(TestPackages()));
    }

    [Theory]
    [InlineData("Trainer")]
    [InlineData("UnitTests")]
    public void Native_libraries_are_restored_for_Linux_only(string project)
    {
        var native = PackagesOf(project).Where(package => package.Contains(".NativeAssets.", StringComparison.Ordinal)).ToList();

        Assert.NotEmpty(native);
        Assert.All(native, package => Assert.Contains(".NativeAssets.Linux", package, StringComparison.Ordinal));
    }

    [Fact]
    public void The_packages_of_the_tests_are_found_where_they_are_restored() =>
        Assert.Superset(new HashSet<string>(["xunit.v3", "YamlDotNet"]), PackagesOf("InfraTests").Intersect(TestPackages()).ToHashSet());

    /// <summary>Direct and transitive ones.</summary>
    private static IEnumerable<string> PackagesOf(string project) =>
        JsonNode.Parse(File.ReadAllText(Path.Combine(Repository.Artifacts, "obj", project, "project.assets.json")))!["libraries"]!.AsObject()
            .Where(library => (string)library.Value!["type"]! == "package")
            .Select(library => library.Key.Split('/')[0]);

    private static IEnumerable<string> TestPackages() => XDocument.Parse(Repository.Read("Directory.Packages.props")).Descendants("ItemGroup")
        .Single(group => (string?)group.Attribute("Label") == "Tests")
        .Elements("PackageVersion").Select(package => (string)package.Attribute("Include")!);
}

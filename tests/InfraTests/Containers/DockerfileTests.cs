using System.Text.RegularExpressions;

namespace Serverless.InfraTests.Containers;

public sealed partial class DockerfileTests
{
    [Theory]
    [MemberData(nameof(Dockerfile.Names), MemberType = typeof(Dockerfile))]
    public async Task A_linter_finds_nothing(string name)
    {
        var folder = Repository.PathOf("tests/InfraTests/linter");
        var install = Directory.Exists(Path.Combine(folder, "node_modules"))
            ? new ProgramResult(0, "", "")
            : await RunningProgram.RunToEndAsync("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], TestContext.Current.CancellationToken, folder);
        Assert.True(install.ExitCode == 0, install.Errors);

        var lint = await RunningProgram.RunToEndAsync(
            "node",
            [Path.Combine(folder, "node_modules/dockerfile-utils/bin/dockerfile-utils"), "lint", Repository.PathOf(Dockerfile.PathOf(name))],
            TestContext.Current.CancellationToken);

        Assert.Equal((0, "", ""), (lint.ExitCode, lint.Output, lint.Errors));
    }

    [Theory]
    [MemberData(nameof(Dockerfile.Names), MemberType = typeof(Dockerfile))]
    public void Everything_that_it_copies_is_in_the_repository_and_in_the_build_context(string name)
    {
        var sent = Repository.Read(".dockerignore").Split('\n').Where(line => line.StartsWith('!')).Select(line => line[1..]).ToList();

        Assert.All(Dockerfile.Read(name).CopiedFromRepository, source =>
        {
            Assert.True(Path.Exists(Repository.PathOf(source)), $"{source} does not exist.");
            Assert.Contains(sent, pattern => Matches(pattern, source));
        });
    }

    [Theory]
    [MemberData(nameof(Dockerfile.Names), MemberType = typeof(Dockerfile))]
    public void A_published_project_is_copied_with_all_its_references(string name)
    {
        var dockerfile = Dockerfile.Read(name);
        var folders = dockerfile.CopiedFromRepository.Where(source => source.EndsWith('/')).ToList();
        var project = dockerfile.Publish[1];

        foreach (var referred in Referred(project, "").Prepend(project))
        {
            Assert.Contains(folders, folder => referred.StartsWith(folder, StringComparison.Ordinal));
        }
    }

    [Theory]
    [MemberData(nameof(Dockerfile.Names), MemberType = typeof(Dockerfile))]
    public void Bases_are_pinned_to_a_version_and_are_not_latest(string name) =>
        Assert.All(Dockerfile.Read(name).All("FROM"), from => Assert.Matches(PinnedImage(), from.Split(' ')[0]));

    [Theory]
    [MemberData(nameof(Dockerfile.Names), MemberType = typeof(Dockerfile))]
    public void The_image_runs_as_a_plain_user(string name)
    {
        var image = Dockerfile.Read(name).Image;
        var user = Assert.Single(image.All("USER"));

        Assert.NotEqual("root", user);
        Assert.NotEqual("0", user);
        // Only instructions that do not run anything follow, so that no later instruction runs as root.
        Assert.All(
            image.Instructions.SkipWhile(each => each.Name != "USER").Skip(1),
            each => Assert.Contains(each.Name, new[] { "EXPOSE", "HEALTHCHECK", "ENTRYPOINT", "CMD" }));
    }

    [Theory]
    [MemberData(nameof(Dockerfile.Names), MemberType = typeof(Dockerfile))]
    public void Libtorch_has_a_layer_of_its_own_below_the_program(string name)
    {
        var layers = Dockerfile.Read(name).Image.All("COPY").Where(each => each.StartsWith("--from=build", StringComparison.Ordinal)).ToList();

        Assert.Equal(2, layers.Count);
        Assert.Contains("/native/", layers[0]);
        Assert.Contains("/publish/", layers[1]);
        Assert.Equal(layers[0].Split(' ')[^1], layers[1].Split(' ')[^1]);
    }

    [Theory]
    [MemberData(nameof(Dockerfile.Names), MemberType = typeof(Dockerfile))]
    public void The_build_fails_without_libgomp_and_a_new_libstdcxx(string name)
    {
        Assert.Contains(Dockerfile.Read(name).Image.All("RUN"), run => run.StartsWith("native-libraries.sh install", StringComparison.Ordinal));

        var script = Repository.Read("infra/containers/native-libraries.sh");
        Assert.Contains("libgomp1", script);
        Assert.Contains("install && check", script);
    }

    [Theory]
    [MemberData(nameof(Dockerfile.Names), MemberType = typeof(Dockerfile))]
    public void No_secret_and_no_model_is_in_it(string name)
    {
        var text = Repository.Read(Dockerfile.PathOf(name));

        Assert.DoesNotMatch(SecretWords(), text);
        Assert.DoesNotContain(Dockerfile.Read(name).CopiedFromRepository, source => source is "." or "./" or "/");
    }

    [Theory]
    [MemberData(nameof(Dockerfile.Names), MemberType = typeof(Dockerfile))]
    public void It_declares_a_health_check(string name) => Assert.Single(Dockerfile.Read(name).Image.All("HEALTHCHECK"));

    [Fact]
    public void The_trainer_is_published_with_CUDA_unless_told_otherwise()
    {
        Assert.Contains("-p:Cuda=${CUDA}", Dockerfile.Read("trainer").Publish);
        Assert.Contains("CUDA=true", Dockerfile.Read("trainer").All("ARG"));
    }

    private static bool Matches(string pattern, string source) =>
        pattern.EndsWith("/**", StringComparison.Ordinal) ? source.StartsWith(pattern[..^2], StringComparison.Ordinal)
        : pattern.Contains('*') ? Regex.IsMatch(source, $"^{Regex.Escape(pattern).Replace(@"\*", "[^/]*", StringComparison.Ordinal)}$")
        : pattern == source;

    private static IEnumerable<string> Referred(string project, string prefix)
    {
        var path = Repository.PathOf(prefix + project);
        foreach (Match match in ProjectReference().Matches(File.ReadAllText(path)))
        {
            yield return Path.GetRelativePath(Repository.Root, Path.GetFullPath(Path.Combine(Path.GetDirectoryName(path)!, match.Groups[1].Value)));
        }
    }

    [GeneratedRegex(@"^mcr\.microsoft\.com/[a-z/-]+:(\d+\.\d+\.\d+-noble|4-dotnet-isolated10\.0)$")]
    private static partial Regex PinnedImage();

    [GeneratedRegex("AccountKey|password|secret|token|DefaultEndpointsProtocol", RegexOptions.IgnoreCase)]
    private static partial Regex SecretWords();

    [GeneratedRegex("<ProjectReference Include=\"([^\"]+)\"")]
    private static partial Regex ProjectReference();
}

using Serverless.Serving;
using Serverless.Training;

namespace Serverless.UnitTests.Serving;

/// <summary>Pointers and versions that cannot be used: another version serves, status and log have the problem, and a repair is picked up.</summary>
public sealed class UnusableVersionTests(Emulator emulator) : ServingTest(emulator)
{
    private const string Pointer = "adapters/news/current.json";

    private readonly JumpingClock clock = new();
    private readonly LogLines<ArticleClassifier> log = new();

    /// <summary>The content of the pointer, and the problem in the status.</summary>
    public static TheoryData<string, string> DamagedPointers { get; } = new()
    {
        { """{"version":"v1","manifestSha""", "current.json is damaged" },
        { "no JSON", "current.json is damaged" },
        { "", "current.json is damaged" },
        { "{}", "current.json is not a valid pointer" },
        { """{"version":"../v1","manifestSha256":"0","publishedAt":"2026-01-01T00:00:00Z"}""", "current.json is not a valid pointer" },
        { """{"version":"v1","manifestSha256":"0","publishedAt":"2026-01-01T00:00:00Z","previous":[null]}""", "current.json is not a valid pointer" },
        { """{"version":"v9","manifestSha256":"0","publishedAt":"2026-01-01T00:00:00Z"}""", "There is no version 'v9'" },
    };

    [Theory]
    [MemberData(nameof(DamagedPointers))]
    [InlineData(null, "current.json is gone")]
    public async Task A_damaged_pointer_leaves_the_serving_version_until_it_is_repaired(string? content, string problem)
    {
        await PublishAsync("v1");
        var classifier = NewClassifier(clock, log);
        await classifier.ClassifyAsync(null, "text", CancellationToken);

        await ReplaceAsync(Pointer, content);
        await classifier.RefreshAsync(CancellationToken);
        await classifier.RefreshAsync(CancellationToken);
        var prediction = await classifier.ClassifyAsync(null, "text", CancellationToken);
        var damaged = classifier.Status;
        await PublishAsync("v2");
        await classifier.RefreshAsync(CancellationToken);

        Assert.Equal("v1", prediction.ModelVersion);
        Assert.True(damaged.Healthy);
        Assert.Contains(problem, damaged.Classifiers[0].Problem, StringComparison.Ordinal);
        Assert.Contains("cannot be used", Assert.Single(log.Errors), StringComparison.Ordinal);
        Assert.Equal(("v2", null), (classifier.Status.Version, classifier.Status.Classifiers[0].Problem));
    }

    [Theory]
    [MemberData(nameof(DamagedPointers))]
    public async Task A_process_that_starts_with_a_damaged_pointer_serves_the_last_published_version(string content, string problem)
    {
        foreach (var version in new[] { "v1", "v2", "v3", "v4" })
        {
            var state = version == "v4" ? TrainingState.Refused : TrainingState.Published;
            await PublishAsync(version);
            await new TrainingRuns(Storage).WriteAsync(new TrainingRun("news", version) { State = state }, CancellationToken);
        }

        await new TrainingRuns(Storage).MergePropertiesAsync("news", "v1", new Dictionary<string, object> { [nameof(TrainingRun.PromotedAt)] = DateTimeOffset.UtcNow }, CancellationToken);
        await ReplaceAsync("adapters/news/v1/adapter_model.safetensors", "no weights");
        await ReplaceAsync(Pointer, content);

        var classifier = NewClassifier(clock, log);
        var prediction = await classifier.ClassifyAsync(null, "text", CancellationToken);
        var status = classifier.Status.Classifiers[0];
        await PublishAsync("v5");
        await classifier.RefreshAsync(CancellationToken);

        // v1 was promoted last, so it comes first, but it is damaged; v4 was refused by the gate.
        Assert.Contains(log.Errors, line => line.StartsWith("Version v1 of the classifier news cannot be used", StringComparison.Ordinal));
        Assert.Equal("v3", prediction.ModelVersion);
        Assert.Equal((ModelState.Ready, "v3"), (status.State, status.Version));
        Assert.Contains(problem, status.Problem, StringComparison.Ordinal);
        Assert.Contains(log.Errors, line => line.Contains(problem, StringComparison.Ordinal) || line.Contains("Version v9", StringComparison.Ordinal));
        Assert.Equal(("v5", null), (classifier.Status.Version, classifier.Status.Classifiers[0].Problem));
    }

    [Fact]
    public async Task A_process_with_a_damaged_pointer_and_no_usable_version_is_unhealthy()
    {
        await PublishAsync("v1");
        await new TrainingRuns(Storage).WriteAsync(new TrainingRun("news", "v1") { State = TrainingState.Refused }, CancellationToken);
        await ReplaceAsync(Pointer, "no JSON");
        Options = Options with { LoadWait = TimeSpan.FromSeconds(1) };
        var classifier = NewClassifier();
        await LetLoadFailAsync(classifier);

        var error = await Assert.ThrowsAsync<ModelNotReadyException>(() => classifier.ClassifyAsync(null, "text", CancellationToken));

        Assert.Matches(
            "^The model could not be loaded and is tried again: adapters/news/current.json is damaged: .* Promoting a version writes it anew.$",
            error.Message);
        Assert.False(classifier.Status.Healthy);
    }

    [Fact]
    public async Task A_version_that_is_repaired_in_place_is_retried_and_its_problem_is_cleared()
    {
        await PublishAsync("v1");
        var classifier = NewClassifier(clock, log);
        await classifier.ClassifyAsync(null, "text", CancellationToken);
        await PublishAsync("v2");
        await new TrainingRuns(Storage).WriteAsync(new TrainingRun("news", "v2") { State = TrainingState.Published }, CancellationToken);
        var labels = await ReplaceAsync("adapters/news/v2/labels.json", "damaged");
        await classifier.RefreshAsync(CancellationToken);
        var refused = await new TrainingRuns(Storage).FindAsync("news", "v2", CancellationToken);

        await ReplaceAsync("adapters/news/v2/labels.json", labels);
        clock.Jump += TimeSpan.FromSeconds(15);
        await classifier.RefreshAsync(CancellationToken);

        Assert.NotNull(refused!.ServingProblem);
        Assert.Equal(("v2", null), (classifier.Status.Version, classifier.Status.Classifiers[0].Problem));
        Assert.Null((await new TrainingRuns(Storage).FindAsync("news", "v2", CancellationToken))!.ServingProblem);
    }

    [Fact]
    public async Task A_version_that_cannot_be_used_is_retried_with_delays_of_up_to_15_minutes()
    {
        await PublishAsync("v1");
        var classifier = NewClassifier(clock, log);
        await classifier.ClassifyAsync(null, "text", CancellationToken);
        await PublishAsync("v2");
        await ReplaceAsync("adapters/news/v2/manifest.json", "damaged");

        var attempts = new List<int>();
        for (var minute = 0; minute < 60; minute++)
        {
            await classifier.RefreshAsync(CancellationToken);
            attempts.AddRange(Enumerable.Repeat(minute, log.Errors.Count - attempts.Count));
            clock.Jump += TimeSpan.FromMinutes(1);
        }

        Assert.Equal([0, 1, 2, 3, 4, 5, 6, 8, 11, 16, 25, 40, 55], attempts);
    }

    private async Task PublishAsync(string version)
    {
        await UploadBaseAsync();
        await ToyModel.PublishAsync(Registry, "news", version, seed: 1, "a", "b");
    }
}

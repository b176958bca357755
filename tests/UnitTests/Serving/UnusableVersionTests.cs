using Serverless.Serving;
using Serverless.Training;

namespace Serverless.UnitTests.Serving;

/// <summary>Pointers and versions that cannot be used: something else serves, health and the log say why, and what is mended is taken.</summary>
public sealed class UnusableVersionTests(Emulator emulator) : ServingTest(emulator)
{
    private const string Pointer = "adapters/news/current.json";

    private readonly JumpingClock clock = new();
    private readonly LogLines<ArticleClassifier> log = new();

    /// <summary>What became of the pointer, and what health says of it.</summary>
    public static TheoryData<string, string> DamagedPointers { get; } = new()
    {
        { """{"version":"v1","manifestSha""", "current.json is damaged" },
        { "no JSON", "current.json is damaged" },
        { "", "current.json is damaged" },
        { "{}", "current.json is no pointer" },
        { """{"version":"../v1","manifestSha256":"0","publishedAt":"2026-01-01T00:00:00Z"}""", "current.json is no pointer" },
        { """{"version":"v1","manifestSha256":"0","publishedAt":"2026-01-01T00:00:00Z","previous":[null]}""", "current.json is no pointer" },
        { """{"version":"v9","manifestSha256":"0","publishedAt":"2026-01-01T00:00:00Z"}""", "There is no version 'v9'" },
    };

    [Theory]
    [MemberData(nameof(DamagedPointers))]
    [InlineData(null, "current.json is gone")]
    public async Task A_pointer_that_is_damaged_leaves_the_version_that_serves_and_health_and_log_say_so_until_it_is_mended(string? content, string problem)
    {
        await PublishAsync("v1");
        var classifier = NewClassifier(clock, log);
        await classifier.ClassifyAsync(null, "text", Cancel);

        await ReplaceAsync(Pointer, content);
        await classifier.RefreshAsync(Cancel);
        await classifier.RefreshAsync(Cancel);
        var answer = await classifier.ClassifyAsync(null, "text", Cancel);
        var damaged = classifier.Status;
        await PublishAsync("v2");
        await classifier.RefreshAsync(Cancel);

        Assert.Equal("v1", answer.ModelVersion);
        Assert.True(damaged.Healthy);
        Assert.Contains(problem, damaged.Classifiers[0].Problem, StringComparison.Ordinal);
        Assert.Contains("cannot be used", Assert.Single(log.Errors), StringComparison.Ordinal);
        Assert.Equal(("v2", null), (classifier.Status.Version, classifier.Status.Classifiers[0].Problem));
    }

    [Theory]
    [MemberData(nameof(DamagedPointers))]
    public async Task A_process_that_starts_with_a_damaged_pointer_serves_the_published_version_that_was_let_serve_last_and_says_so(string content, string problem)
    {
        foreach (var (version, state) in new[] { ("v1", TrainingState.Published), ("v2", TrainingState.Published), ("v3", TrainingState.Published), ("v4", TrainingState.Refused) })
        {
            await PublishAsync(version);
            await new TrainingRuns(Storage).WriteAsync(new TrainingRun("news", version) { State = state }, Cancel);
        }

        await new TrainingRuns(Storage).NoteAsync("news", "v1", new Dictionary<string, object> { [nameof(TrainingRun.PromotedAt)] = DateTimeOffset.UtcNow }, Cancel);
        await ReplaceAsync("adapters/news/v1/adapter_model.safetensors", "no weights");
        await ReplaceAsync(Pointer, content);

        var classifier = NewClassifier(clock, log);
        var answer = await classifier.ClassifyAsync(null, "text", Cancel);
        var status = classifier.Status.Classifiers[0];
        await PublishAsync("v5");
        await classifier.RefreshAsync(Cancel);

        // A person went back to v1, so it comes first, but it is damaged; v4 was refused by the gate.
        Assert.Contains(log.Errors, line => line.StartsWith("Version v1 of the classifier news cannot be used", StringComparison.Ordinal));
        Assert.Equal("v3", answer.ModelVersion);
        Assert.Equal((ModelState.Ready, "v3"), (status.State, status.Version));
        Assert.Contains(problem, status.Problem, StringComparison.Ordinal);
        Assert.Contains(log.Errors, line => line.Contains(problem, StringComparison.Ordinal) || line.Contains("Version v9", StringComparison.Ordinal));
        Assert.Equal(("v5", null), (classifier.Status.Version, classifier.Status.Classifiers[0].Problem));
    }

    [Fact]
    public async Task A_process_that_starts_with_a_damaged_pointer_and_no_version_that_can_serve_says_so_in_one_sentence_and_is_unhealthy()
    {
        await PublishAsync("v1");
        await new TrainingRuns(Storage).WriteAsync(new TrainingRun("news", "v1") { State = TrainingState.Refused }, Cancel);
        await ReplaceAsync(Pointer, "no JSON");
        Options = Options with { LoadWait = TimeSpan.FromSeconds(1) };
        var classifier = NewClassifier();
        await LetLoadFailAsync(classifier);

        var error = await Assert.ThrowsAsync<ModelNotReadyException>(() => classifier.ClassifyAsync(null, "text", Cancel));

        Assert.Matches("^The model could not be loaded and is tried again: adapters/news/current.json is damaged: .* Promoting a version writes it anew.$", error.Message);
        Assert.False(classifier.Status.Healthy);
    }

    [Fact]
    public async Task A_refused_version_that_is_repaired_in_place_is_taken_after_a_pause_and_its_row_no_longer_names_a_problem()
    {
        await PublishAsync("v1");
        var classifier = NewClassifier(clock, log);
        await classifier.ClassifyAsync(null, "text", Cancel);
        await PublishAsync("v2");
        await new TrainingRuns(Storage).WriteAsync(new TrainingRun("news", "v2") { State = TrainingState.Published }, Cancel);
        var labels = await ReplaceAsync("adapters/news/v2/labels.json", "spoilt");
        await classifier.RefreshAsync(Cancel);
        var refused = await new TrainingRuns(Storage).FindAsync("news", "v2", Cancel);

        await ReplaceAsync("adapters/news/v2/labels.json", labels);
        clock.Jump += TimeSpan.FromSeconds(15);
        await classifier.RefreshAsync(Cancel);

        Assert.NotNull(refused!.ServingProblem);
        Assert.Equal(("v2", null), (classifier.Status.Version, classifier.Status.Classifiers[0].Problem));
        Assert.Null((await new TrainingRuns(Storage).FindAsync("news", "v2", Cancel))!.ServingProblem);
    }

    [Fact]
    public async Task A_refused_version_is_tried_again_after_pauses_that_grow_to_a_quarter_of_an_hour()
    {
        await PublishAsync("v1");
        var classifier = NewClassifier(clock, log);
        await classifier.ClassifyAsync(null, "text", Cancel);
        await PublishAsync("v2");
        await ReplaceAsync("adapters/news/v2/manifest.json", "spoilt");

        var attempts = new List<int>();
        for (var minute = 0; minute < 60; minute++)
        {
            await classifier.RefreshAsync(Cancel);
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

using Microsoft.Extensions.AI;
using Serverless.Trainer.Commands;
using Serverless.Trainer.Comparison;
using Serverless.Trainer.Data;

namespace Serverless.UnitTests.Trainer.Comparison;

public sealed class ChatComparisonTests
{
    private static readonly string[] Labels = ["World", "Sports", "Sci/Tech"];

    [Fact]
    public async Task Every_row_is_asked_once_and_answers_become_figures_and_costs()
    {
        await using var server = await ChatServer.StartAsync(article => article.Contains("ball", StringComparison.Ordinal) ? "Sports" : "sci/tech.");

        var answers = await ClassifyAsync(server, Rows(("a ball", "Sports"), ("a probe", "Sci/Tech"), ("a summit", "World"), ("another ball", "Sports")));
        var figures = CompareCommand.Theirs("test", Labels, answers, inputPrice: 2, outputPrice: 10);

        Assert.Equal((4, 4, 0.75, 0.75), (figures.Asked, figures.Valid, figures.Accuracy, figures.Recall));
        Assert.Equal(0.625, figures.Precision, 9); // Sports 1, Sci/Tech ½, World 0, weighted 2 : 1 : 1
        Assert.Equal(((100 * 2) + (2 * 10)) / 1e6 * 1000, figures.CostPer1000!.Value, 9);
        Assert.Equal(4, server.Bodies.Count);
    }

    [Fact]
    public async Task The_prompt_names_every_label_and_gives_no_example()
    {
        await using var server = await ChatServer.StartAsync(_ => "World");

        await ClassifyAsync(server, Rows(("the article", "World")));

        var body = Assert.Single(server.Bodies);
        Assert.All(Labels, label => Assert.Contains(label, body.Replace("\\u002F", "/", StringComparison.Ordinal), StringComparison.Ordinal));
        Assert.Contains("the article", body, StringComparison.Ordinal);
        Assert.Contains("\"temperature\":0", body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Answers_that_are_no_label_are_counted_and_kept_and_the_figures_are_on_the_others()
    {
        await using var server = await ChatServer.StartAsync(article => article.Contains("odd", StringComparison.Ordinal) ? "I would say it is about sports or the world." : "World");

        var answers = await ClassifyAsync(server, Rows(("one", "World"), ("odd", "Sports"), ("two", "World")));
        var figures = CompareCommand.Theirs("test", Labels, answers, null, null);

        Assert.Equal((3, 2, 1.0), (figures.Asked, figures.Valid, figures.Accuracy));
        Assert.Equal(2.0 / 3, figures.AccuracyOfAll, 9);
        Assert.Equal("I would say it is about sports or the world.", Assert.Single(answers.Rows, row => row.Label is null).Answer);
        Assert.Null(figures.CostPer1000);
    }

    [Fact]
    public async Task Throttling_and_trouble_are_met_with_another_try()
    {
        await using var server = await ChatServer.StartAsync(_ => "World");
        server.Troubles.Enqueue((429, "0.01"));
        server.Troubles.Enqueue((503, null));
        server.Troubles.Enqueue((429, null));

        var answers = await ClassifyAsync(server, Rows(("one", "World"), ("two", "World")));

        Assert.Equal(3, answers.Retries);
        Assert.All(answers.Rows, answer => Assert.Equal("World", answer.Label));
    }

    [Fact]
    public async Task The_wait_that_the_server_asks_for_is_kept()
    {
        await using var server = await ChatServer.StartAsync(_ => "World");
        server.Troubles.Enqueue((429, "17"));
        server.Troubles.Enqueue((429, "2.5"));
        var time = new ImpatientTime();

        await ClassifyAsync(server.Address, Rows(("one", "World")), time: time);

        Assert.Equal([TimeSpan.FromSeconds(17), TimeSpan.FromSeconds(2.5)], time.Waits);
    }

    [Fact]
    public async Task A_row_that_fails_for_good_is_told_and_the_others_count()
    {
        await using var server = await ChatServer.StartAsync(_ => "World");
        server.Always = ("cursed", 500);

        var answers = await ClassifyAsync(server, Rows(("one", "World"), ("cursed", "Sports"), ("two", "World")), attempts: 2);
        var figures = CompareCommand.Theirs("test", Labels, answers, 1, 1);

        Assert.True(Assert.Single(answers.Rows, row => row.Failed).Row.Text == "cursed");
        Assert.Equal((3, 2), (figures.Asked, figures.Valid));
        Assert.Equal(2, answers.Retries);
    }

    [Theory]
    [InlineData("World,Sports,Business,Sci/Tech", true)]
    [InlineData("World,Sports,Business,Science", false)]
    public async Task The_table_sets_the_models_side_by_side_and_the_published_figure_where_it_belongs(string labels, bool published)
    {
        await using var server = await ChatServer.StartAsync(_ => "no idea");
        var answers = await ClassifyAsync(server, Rows(("one", "World")));
        var figures = LabelFigures.Compute("mine", labels.Split(','), ["World", "Sports"], ["World", null], 12.5, 0.004);
        using var written = new StringWriter();

        ComparisonTable.Write(written, figures, CompareCommand.Theirs("test", labels.Split(','), answers, null, null), answers, labels.Split(','));

        var table = written.ToString();
        Assert.Contains("1 of 2", table, StringComparison.Ordinal);
        Assert.Matches("accuracy of all +│ +0.5000 │ +0.0000", table);
        Assert.Contains("'no idea' for 'World'", table, StringComparison.Ordinal);
        Assert.Equal(published, table.Contains("0.8723", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_wrong_key_stops_at_once_with_what_to_check()
    {
        await using var server = await ChatServer.StartAsync(_ => "World");
        server.Always = ("one", 401);

        var fault = await Assert.ThrowsAsync<UserException>(() => ClassifyAsync(server, Rows(("one", "World"))));

        Assert.Contains("Check --endpoint, --model and the key", fault.Message, StringComparison.Ordinal);
        Assert.Single(server.Bodies);
    }

    [Fact]
    public async Task An_endpoint_that_is_not_there_is_given_up()
    {
        var server = await ChatServer.StartAsync(_ => "World");
        var address = server.Address;
        await server.DisposeAsync();

        var fault = await Assert.ThrowsAsync<UserException>(() => ClassifyAsync(address, [.. Enumerable.Range(0, 20).Select(i => Row($"{i}", "World"))], attempts: 1));

        Assert.Contains("has not replied to any request", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_more_requests_run_at_once_than_allowed()
    {
        await using var server = await ChatServer.StartAsync(_ => "World");

        await ClassifyAsync(server, [.. Enumerable.Range(0, 60).Select(i => Row($"{i}", "World"))], parallel: 3);

        Assert.InRange(server.MostRunning, 1, 3);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(60)]
    [InlineData(500)]
    [InlineData(10_000)]
    public void The_rate_is_never_more_than_allowed_and_comes_in_small_portions(int perMinute)
    {
        var rate = ChatComparison.RateLimiterOptions(perMinute);

        Assert.InRange(rate.TokensPerPeriod / rate.ReplenishmentPeriod.TotalMinutes, perMinute * .5, perMinute * 1.0001);
        Assert.True(rate.TokenLimit <= Math.Max(1, perMinute / 1000), $"{rate.TokenLimit}");
    }

    [Theory]
    [InlineData("Sci/Tech", "Sci/Tech")]
    [InlineData(" sci/tech.\n", "Sci/Tech")]
    [InlineData("Label: \"World\"", "World")]
    [InlineData("**Sports**", "Sports")]
    [InlineData("Sports or World", null)]
    [InlineData("Weltgeschehen", null)]
    [InlineData("", null)]
    public void An_answer_is_a_label_or_none(string answer, string? label) => Assert.Equal(label, new ZeroShotPrompt(Labels).ParseLabel(answer));

    private static Task<ChatResults> ClassifyAsync(ChatServer server, DataSetRow[] rows, int parallel = 4, int perMinute = 60_000, int attempts = 5) =>
        ClassifyAsync(server.Address, rows, parallel, perMinute, attempts);

    private static async Task<ChatResults> ClassifyAsync(Uri endpoint, DataSetRow[] rows, int parallel = 4, int perMinute = 60_000, int attempts = 5, TimeProvider? time = null)
    {
        using var chat = CompareCommand.Chat(endpoint, "test", key: null);
        var options = new ChatRequestOptions(parallel, perMinute, attempts, TimeSpan.FromMilliseconds(1), new ChatOptions { Temperature = 0, MaxOutputTokens = 16 });
        return await new ChatComparison(chat, new ZeroShotPrompt(Labels), options, time ?? TimeProvider.System).ClassifyAsync(rows, new Progress<int>(), TestContext.Current.CancellationToken);
    }

    private static DataSetRow[] Rows(params (string Text, string Label)[] rows) => [.. rows.Select(row => Row(row.Text, row.Label))];

    private static DataSetRow Row(string text, string label) => new(RowPlace.Line(1), text, label, null);

    /// <summary>A clock that waits for nothing and remembers how long it was asked to.</summary>
    private sealed class ImpatientTime : TimeProvider
    {
        public List<TimeSpan> Waits { get; } = [];

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            if (dueTime > TimeSpan.Zero)
            {
                Waits.Add(dueTime);
            }

            return base.CreateTimer(callback, state, dueTime > TimeSpan.Zero ? TimeSpan.Zero : dueTime, period);
        }
    }
}

using System.Net;
using System.Text.Json;
using Serverless.Articles;
using Serverless.Training;

namespace Serverless.EndToEndTests;

public sealed class RetrainTests(RetrainTests.Up up) : IClassFixture<RetrainTests.Up>
{
    private static CancellationToken Ended => TestContext.Current.CancellationToken;

    private RunningSystem System => up.System;

    [Fact]
    public async Task A_data_set_trains_a_new_version_that_is_swapped_in_while_articles_keep_being_classified()
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Ended);
        var stream = KeepClassifyingAsync(stop.Token);

        var first = await System.TrainAsync("desk/desk.csv", Sample("desk.csv"));
        Assert.True(first.State == TrainingState.Published, first.Reason);
        await ServesAsync("desk", first.Version);
        var second = await System.TrainAsync("desk/desk.csv", Sample("desk-grown.csv"));
        Assert.True(second.State is TrainingState.Published or TrainingState.Refused, second.Reason);
        await ServesAsync("desk", second.State == TrainingState.Published ? second.Version : first.Version);

        await stop.CancelAsync();
        var (sent, failed) = await stream;
        var right = await CountRightAsync();

        Assert.NotEqual(first.Version, second.Version);
        Assert.True(sent > 20, $"Only {sent} articles were classified during the trainings.");
        Assert.Empty(failed);
        // Two of ten would be chance.
        Assert.InRange(right, 7, 10);
    }

    [Theory]
    [InlineData("empty", "")]
    [InlineData("header-only", "text,label\n")]
    [InlineData("one-label", "text,label\nFirst article of some length,Only\nSecond article of some length,Only\nThird article of some length,Only\n")]
    [InlineData("no-columns", "a,b\n1,2\n3,4\n")]
    public async Task A_data_set_that_cannot_be_used_is_refused_with_the_reason_and_nothing_is_published(string classifier, string content)
    {
        var run = await System.TrainAsync($"{classifier}/data.csv", BinaryData.FromString(content));

        Assert.Equal(TrainingState.Refused, run.State);
        Assert.False(string.IsNullOrWhiteSpace(run.Reason));
        using var response = await System.PostJsonAsync($"classify/{classifier}", """{"text":"hello"}""");
        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
    }

    [Fact]
    public async Task A_data_set_in_a_broken_encoding_is_refused_with_the_lines_that_are_bad_and_the_serving_model_stays()
    {
        var bytes = new List<byte>("text,label\nA good row about something,News\n"u8.ToArray());
        bytes.AddRange([.. "A bad row "u8, 0xff, 0xfe, .. ",News\n"u8]);

        var run = await System.TrainAsync("news/broken.csv", BinaryData.FromBytes(bytes.ToArray()));

        Assert.Equal(TrainingState.Refused, run.State);
        Assert.Contains("3", run.Reason, StringComparison.Ordinal);
        await ServesAsync("news", "starter");
    }

    private static BinaryData Sample(string file) => BinaryData.FromBytes(File.ReadAllBytes(Repository.Sample(file)));

    private async Task ServesAsync(string classifier, string version) => await Eventually.TrueAsync(
        async () =>
        {
            using var response = await System.PostJsonAsync($"classify/{classifier}", """{"text":"The night train takes twenty hours."}""");
            return response.IsSuccessStatusCode
                && JsonDocument.Parse(await response.Content.ReadAsStringAsync(Ended)).RootElement.GetProperty("modelVersion").GetString() == version;
        },
        $"{classifier} {version} serving");

    /// <summary>Drops an article on the queue and asks over HTTP, again and again.</summary>
    private async Task<(int Sent, IReadOnlyList<string> Failed)> KeepClassifyingAsync(CancellationToken stop)
    {
        var failed = new List<string>();
        var sent = 0;
        while (!stop.IsCancellationRequested)
        {
            var id = $"stream-{++sent}";
            var article = JsonSerializer.Serialize(new { id, text = $"The champions won the cup final again, for the {sent}th time." });
            await System.SendAsync(article);
            using var response = await System.PostJsonAsync("classify", article);
            if (!response.IsSuccessStatusCode)
            {
                failed.Add($"{id}: {response.StatusCode}");
            }

            await Task.Delay(200, CancellationToken.None);
        }

        for (var i = 1; i <= sent; i++)
        {
            if ((await System.ResultAsync($"stream-{i}")).Status != ClassificationStatus.Classified)
            {
                failed.Add($"stream-{i}");
            }
        }

        return (sent, failed);
    }

    private async Task<int> CountRightAsync()
    {
        var right = 0;
        foreach (var line in File.ReadLines(Repository.Sample("desk-articles.jsonl")))
        {
            var expected = JsonDocument.Parse(line).RootElement.GetProperty("expected").GetString();
            using var response = await System.PostJsonAsync("classify/desk", line);
            var answer = JsonDocument.Parse(await response.Content.ReadAsStringAsync(Ended)).RootElement;
            right += answer.GetProperty("label").GetString() == expected ? 1 : 0;
        }

        return right;
    }

    public sealed class Up : SystemFixture;
}

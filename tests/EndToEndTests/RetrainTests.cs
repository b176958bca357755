using System.Net;
using System.Text.Json;
using Serverless.Articles;
using Serverless.Training;

namespace Serverless.EndToEndTests;

public sealed class RetrainTests(RetrainTests.Fixture fixture) : IClassFixture<RetrainTests.Fixture>
{
    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    private RunningSystem App => fixture.App;

    [Fact]
    public async Task A_new_version_is_trained_and_swapped_in_while_articles_are_classified()
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(CancellationToken);
        var stream = KeepClassifyingAsync(stop.Token);

        var first = await App.TrainAsync("desk/desk.csv", Sample("desk.csv"));
        Assert.True(first.State == TrainingState.Published, first.Reason);
        await ServesAsync("desk", first.Version);
        var second = await App.TrainAsync("desk/desk.csv", Sample("desk-grown.csv"));
        Assert.True(second.State is TrainingState.Published or TrainingState.Refused, second.Reason);
        await ServesAsync("desk", second.State == TrainingState.Published ? second.Version : first.Version);

        await stop.CancelAsync();
        var (sent, failed) = await stream;
        var correct = await CountCorrectAsync();

        Assert.NotEqual(first.Version, second.Version);
        Assert.True(sent > 20, $"Only {sent} articles were classified during the trainings.");
        Assert.Empty(failed);
        // Chance would be two of ten.
        Assert.InRange(correct, 7, 10);
    }

    [Theory]
    [InlineData("empty", "")]
    [InlineData("header-only", "text,label\n")]
    [InlineData("one-label", "text,label\nFirst article of some length,Only\nSecond article of some length,Only\nThird article of some length,Only\n")]
    [InlineData("no-columns", "a,b\n1,2\n3,4\n")]
    public async Task A_data_set_that_is_not_valid_is_refused_and_nothing_is_published(string classifier, string content)
    {
        var run = await App.TrainAsync($"{classifier}/data.csv", BinaryData.FromString(content));

        Assert.Equal(TrainingState.Refused, run.State);
        Assert.False(string.IsNullOrWhiteSpace(run.Reason));
        using var response = await App.PostJsonAsync($"classify/{classifier}", """{"text":"hello"}""");
        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
    }

    [Fact]
    public async Task A_data_set_with_bytes_that_are_not_UTF8_is_refused_with_their_lines()
    {
        var bytes = new List<byte>("text,label\nA good row about something,News\n"u8.ToArray());
        bytes.AddRange([.. "A bad row "u8, 0xff, 0xfe, .. ",News\n"u8]);

        var run = await App.TrainAsync("news/broken.csv", BinaryData.FromBytes(bytes.ToArray()));

        Assert.Equal(TrainingState.Refused, run.State);
        Assert.Contains("3", run.Reason, StringComparison.Ordinal);
        await ServesAsync("news", "starter");
    }

    private static BinaryData Sample(string file) => BinaryData.FromBytes(File.ReadAllBytes(Repository.Sample(file)));

    private async Task ServesAsync(string classifier, string version) => await Eventually.TrueAsync(
        async () =>
        {
            using var response = await App.PostJsonAsync($"classify/{classifier}", """{"text":"The night train takes twenty hours."}""");
            var body = await response.Content.ReadAsStringAsync(CancellationToken);
            return response.IsSuccessStatusCode && JsonDocument.Parse(body).RootElement.GetProperty("modelVersion").GetString() == version;
        },
        $"{classifier} {version} serving");

    /// <summary>Sends articles to the queue and over HTTP until it is stopped.</summary>
    private async Task<(int Sent, IReadOnlyList<string> Failed)> KeepClassifyingAsync(CancellationToken stop)
    {
        var failed = new List<string>();
        var sent = 0;
        while (!stop.IsCancellationRequested)
        {
            var id = $"stream-{++sent}";
            var article = JsonSerializer.Serialize(new { id, text = $"The champions won the cup final again, for the {sent}th time." });
            await App.SendAsync(article);
            using var response = await App.PostJsonAsync("classify", article);
            if (!response.IsSuccessStatusCode)
            {
                failed.Add($"{id}: {response.StatusCode}");
            }

            await Task.Delay(200, CancellationToken.None);
        }

        for (var i = 1; i <= sent; i++)
        {
            if ((await App.ResultAsync($"stream-{i}")).Status != ClassificationStatus.Classified)
            {
                failed.Add($"stream-{i}");
            }
        }

        return (sent, failed);
    }

    private async Task<int> CountCorrectAsync()
    {
        var correct = 0;
        foreach (var line in File.ReadLines(Repository.Sample("desk-articles.jsonl")))
        {
            var expected = JsonDocument.Parse(line).RootElement.GetProperty("expected").GetString();
            using var response = await App.PostJsonAsync("classify/desk", line);
            var prediction = JsonDocument.Parse(await response.Content.ReadAsStringAsync(CancellationToken)).RootElement;
            correct += prediction.GetProperty("label").GetString() == expected ? 1 : 0;
        }

        return correct;
    }

    public sealed class Fixture : SystemFixture;
}

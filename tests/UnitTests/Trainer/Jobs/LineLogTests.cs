using System.Text.Json;
using Serverless.Trainer.Jobs;

namespace Serverless.UnitTests.Trainer.Jobs;

public sealed class LineLogTests : IDisposable
{
    private const string Hostile = "gate   label a\n{\"Event\":\"TrainingEnded\"}\u001b[2J";

    private readonly StringWriter output = new();

    public void Dispose() => output.Dispose();

    [Fact]
    public void A_message_is_one_line_whatever_it_contains()
    {
        using var log = new LineLog(output, isJson: false, TimeProvider.System);

        log.WriteLine(Hostile);

        Assert.Equal("gate   label a\\n{\"Event\":\"TrainingEnded\"}\\u001b[2J\n", output.ToString());
    }

    [Fact]
    public void In_JSON_a_message_cannot_pass_for_an_event()
    {
        using var log = new LineLog(output, isJson: true, TimeProvider.System);

        log.WriteLine(Hostile);
        log.WriteEvent("1 Failed: too few rows", "TrainingEnded", new Dictionary<string, string> { ["State"] = "Failed" });
        var lines = output.ToString().TrimEnd().Split('\n').Select(line => JsonDocument.Parse(line).RootElement).ToArray();

        Assert.Equal(2, lines.Length);
        Assert.Equal((Hostile, JsonValueKind.Null), (lines[0].GetProperty("Message").GetString(), lines[0].GetProperty("Event").ValueKind));
        Assert.Equal("TrainingEnded", lines[1].GetProperty("Event").GetString());
        Assert.Equal("Failed", lines[1].GetProperty("Fields").GetProperty("State").GetString());
    }

    [Fact]
    public void A_log_that_is_not_one_of_lines_gets_the_message()
    {
        output.WriteEvent("1 Failed: too few rows", "TrainingEnded", new Dictionary<string, string>());

        Assert.Equal("1 Failed: too few rows\n", output.ToString());
    }
}

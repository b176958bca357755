using Serverless.Training;

namespace Serverless.Functions.Api;

/// <summary>The response of <c>GET runs</c>.</summary>
/// <param name="Items">Newest first.</param>
public sealed record RunsResponse(IReadOnlyList<RunResponse> Items)
{
    public static RunsResponse From(IEnumerable<TrainingRun> runs, DateTimeOffset now) => new([.. runs.Select(run => RunResponse.From(run, now))]);
}

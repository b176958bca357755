namespace Serverless.Functions.Http;

/// <summary>Ends the work on a request with the problem that its caller is told.</summary>
/// <param name="type">What kind of problem.</param>
/// <param name="detail">What was wrong, and what to do.</param>
internal sealed class ProblemException(ProblemType type, string detail) : Exception(detail)
{
    public ProblemType Type { get; } = type;
}

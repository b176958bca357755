namespace Serverless.Functions.Http;

/// <summary>Ends a request with a problem document.</summary>
/// <param name="type">The type of the problem.</param>
/// <param name="detail">What is wrong, and what to do.</param>
internal sealed class ProblemException(ProblemType type, string detail) : Exception(detail)
{
    public ProblemType Type { get; } = type;
}

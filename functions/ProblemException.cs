using Microsoft.AspNetCore.Http.HttpResults;

namespace Serverless.Functions;

/// <summary>Ends the reading of a request with the answer that it gets.</summary>
internal sealed class ProblemException(ProblemHttpResult problem) : Exception(problem.ProblemDetails.Detail)
{
    public ProblemHttpResult Problem { get; } = problem;
}

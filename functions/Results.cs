using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Serverless.Storage;

namespace Serverless.Functions;

/// <summary>The stored result of an article that came by the queue.</summary>
public sealed class Results(ResultStore results)
{
    [Function(nameof(Results))]
    public async Task<IResult> RunAsync(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = "results/{classifier}/{*id}")] HttpRequest request,
        string classifier,
        string id,
        CancellationToken cancellationToken)
    {
        var result = StorageNames.IsName(classifier) ? await results.FindAsync(classifier, id, cancellationToken) : null;
        return result is null
            ? Problems.UnknownArticle($"The classifier '{classifier}' has no result for the article '{id}'.")
            : TypedResults.Text(result.ToJson(), "application/json");
    }
}

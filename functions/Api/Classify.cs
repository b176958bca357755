using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Azure.Functions.Worker;
using Serverless.Functions.Http;
using Serverless.Serving;

namespace Serverless.Functions.Api;

/// <summary>Classifies one article, or up to 256, over HTTP.</summary>
/// <remarks>The results are not stored.</remarks>
public sealed class Classify(ArticleClassifier classifiers, ClassifierOptions options, BodyMemory bodies)
{
    [Function(nameof(Classify))]
    public async Task<Results<JsonHttpResult<ClassifyResponse>, JsonHttpResult<ClassifyResponse[]>>> RunAsync(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = "classify/{classifier?}")] HttpRequest request,
        string? classifier,
        CancellationToken cancellationToken)
    {
        var name = classifier is null ? options.Default : RequestParameters.Classifier(classifier);

        // Before the body: requests that wait for a model hold none.
        await classifiers.WaitUntilReadyAsync(name, cancellationToken);
        using var memory = bodies.Reserve();
        var (articles, isBatch) = await ClassifyRequest.ReadAsync(request, memory, cancellationToken);

        string[] texts = [.. articles.Select(article => article.WithTitle(article.Text!))];
        var predictions = await classifiers.ClassifyAsync(name, texts, cancellationToken);

        ClassifyResponse[] responses = [.. articles.Zip(predictions, (article, prediction) =>
            ClassifyResponse.From(article.Id, prediction, options.NeedsReview(name, prediction.Score)))];
        return isBatch ? ApiResults.Json(responses) : ApiResults.Json(responses[0]);
    }
}

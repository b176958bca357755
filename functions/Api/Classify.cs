using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Serverless.Functions.Contract;
using Serverless.Functions.Http;
using Serverless.Serving;

namespace Serverless.Functions.Api;

/// <summary>One article, or up to 256, over HTTP: answered at once and stored nowhere.</summary>
public sealed class Classify(ArticleClassifier classifiers, ClassifierOptions options)
{
    [Function(nameof(Classify))]
    [EndpointSummary("Classifies one article, or up to 256; stores nothing.")]
    [Reads("application/json", typeof(ArticleRequest)), Reads("application/json", typeof(ArticleRequest[])), Reads("text/plain", typeof(string))]
    [Answers(200, typeof(ClassifyResponse)), Answers(200, typeof(ClassifyResponse[]))]
    [Fails(ProblemType.MalformedRequest, ProblemType.UnknownClassifier, ProblemType.TooLarge, ProblemType.UnsupportedMediaType, ProblemType.TooBusy, ProblemType.NotReady)]
    public async Task<IResult> RunAsync(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = "classify/{classifier?}")] HttpRequest request,
        string? classifier,
        CancellationToken cancellationToken)
    {
        var name = classifier is null ? options.Default : RequestParameters.Classifier(classifier);
        var asked = await ClassifyRequest.ReadAsync(request, cancellationToken);
        var classifications = await classifiers.ClassifyAsync(name, [.. asked.Articles.Select(article => article.WithTitle(article.Text!))], cancellationToken);
        ClassifyResponse[] answers = [.. asked.Articles.Zip(classifications, (article, answer) =>
            ClassifyResponse.Of(article.Id, answer, options.NeedsReview(name, answer.Score)))];
        return asked.IsBatch ? ApiResults.Json(answers) : ApiResults.Json(answers[0]);
    }
}

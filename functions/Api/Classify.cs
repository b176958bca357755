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
    [Reads("application/json", typeof(ArticleBody)), Reads("application/json", typeof(ArticleBody[])), Reads("text/plain", typeof(string))]
    [Answers(200, typeof(ClassifyAnswer)), Answers(200, typeof(ClassifyAnswer[]))]
    [Fails(ProblemType.MalformedRequest, ProblemType.UnknownClassifier, ProblemType.TooLarge, ProblemType.UnsupportedMediaType, ProblemType.TooBusy, ProblemType.NotReady)]
    public async Task<IResult> RunAsync(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = "classify/{classifier?}")] HttpRequest request,
        string? classifier,
        CancellationToken cancellationToken)
    {
        var name = classifier is null ? options.Default : Asked.Classifier(classifier);
        var asked = await ClassifyRequest.ReadAsync(request, cancellationToken);
        var classifications = await classifiers.ClassifyAsync(name, [.. asked.Articles.Select(article => article.WithTitle(article.Text!))], cancellationToken);
        ClassifyAnswer[] answers = [.. asked.Articles.Zip(classifications, (article, answer) =>
            ClassifyAnswer.Of(article.Id, answer, options.NeedsReview(name, answer.Score)))];
        return asked.IsBatch ? Answer.Json(answers) : Answer.Json(answers[0]);
    }
}

using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Serverless.Serving;
using Serverless.Storage;

namespace Serverless.Functions;

/// <summary>One article, or up to 256, over HTTP: answered at once and stored nowhere.</summary>
public sealed class Classify(ArticleClassifier classifiers)
{
    [Function(nameof(Classify))]
    public async Task<IResult> RunAsync(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = "classify/{classifier?}")] HttpRequest request,
        string? classifier,
        CancellationToken cancellationToken)
    {
        try
        {
            var asked = await ClassifyRequest.ReadAsync(request, cancellationToken);
            var answers = await Task.WhenAll(asked.Articles.Select(article => ClassifyAsync(article)));
            return asked.IsBatch ? TypedResults.Ok(answers) : TypedResults.Ok(answers[0]);
        }
        catch (ProblemException exception)
        {
            return exception.Problem;
        }
        catch (UnknownClassifierException exception)
        {
            return Problems.UnknownClassifier(exception.Message);
        }
        catch (WaitingRoomFullException exception)
        {
            return Problems.TooBusy(request.HttpContext.Response, exception.Message);
        }
        catch (ModelNotReadyException exception)
        {
            return Problems.NotReady(request.HttpContext.Response, exception.Message);
        }

        async Task<ClassifyAnswer> ClassifyAsync(ArticleMessage article) =>
            ClassifyAnswer.Of(article.Id, await classifiers.ClassifyAsync(classifier, article.WithTitle(article.Text!), cancellationToken));
    }
}

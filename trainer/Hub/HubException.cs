using System.Net;

namespace Serverless.Trainer.Hub;

/// <summary>An error of the Hugging Face Hub that a retry cannot fix.</summary>
internal sealed class HubException(string message) : UserException(message)
{
    /// <summary>Creates the exception for an error response.</summary>
    public static HubException FromResponse(HttpResponseMessage response, HubRepository repository, Uri endpoint, bool hasToken)
    {
        var code = Header(response, "X-Error-Code");
        var page = new Uri(endpoint, repository.PagePath);
        var what = $"{(repository.IsDataSet ? "data set" : "model")} {repository.Name}";
        var reason = Header(response, "X-Error-Message") is { } message ? $": {message}" : "";
        return new HubException((response.StatusCode, code) switch
        {
            (_, "GatedRepo") when hasToken =>
                $"The {what} is gated: accept its terms at {page} with the account whose token is in HF_TOKEN, and wait until access is granted.",
            (_, "GatedRepo") => $"The {what} is gated: accept its terms at {page}, then set the environment variable HF_TOKEN to a token of that account.",
            (HttpStatusCode.Unauthorized, _) when hasToken =>
                $"The Hub does not accept the token in HF_TOKEN for the {what}: the token has expired, or the {what} does not exist.",
            (HttpStatusCode.Unauthorized, _) =>
                $"There is no public {what}: check the name at {page}, or, if it is private or gated, " +
                "set the environment variable HF_TOKEN to a token.",
            (HttpStatusCode.Forbidden, _) =>
                $"The token in HF_TOKEN has no read access to the {what}: grant it in the Hub's token settings, or accept the terms at {page}.",
            (HttpStatusCode.NotFound, "RevisionNotFound") => $"The {what} has no revision '{repository.Revision}'; omit --revision for its main branch.",
            (HttpStatusCode.NotFound, _) => $"There is no {what} (or nothing at '{repository.Revision}'): check name and --revision at {page}.",
            _ => $"The Hub returned {(int)response.StatusCode} {response.ReasonPhrase} for the {what}{reason}.",
        });
    }

    private static string? Header(HttpResponseMessage response, string name) => response.Headers.TryGetValues(name, out var values) ? values.First() : null;
}

/// <summary>A transient error of the Hub: too many requests, or a server error.</summary>
internal sealed class HubBusyException(string message, TimeSpan? retryAfter) : UserException(message)
{
    public TimeSpan? RetryAfter => retryAfter;
}

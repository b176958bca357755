using System.Net;

namespace Serverless.Trainer.Hub;

/// <summary>What the hub refused or got wrong, in words for a person. Trying again without changing something cannot help.</summary>
internal sealed class HubException(string message) : Exception(message)
{
    /// <summary>Explains an answer that is no success.</summary>
    public static HubException FromResponse(HttpResponseMessage response, HubRepository repository, Uri endpoint, bool hasToken)
    {
        var code = Header(response, "X-Error-Code");
        var page = new Uri(endpoint, repository.PagePath);
        var what = $"{(repository.IsDataSet ? "data set" : "model")} {repository.Name}";
        return new HubException((response.StatusCode, code) switch
        {
            (_, "GatedRepo") when hasToken => $"The {what} is gated: accept its terms at {page} with the account whose token is in HF_TOKEN, and wait until access is granted.",
            (_, "GatedRepo") => $"The {what} is gated: accept its terms at {page}, then put a token of that account into the environment variable HF_TOKEN.",
            (HttpStatusCode.Unauthorized, _) when hasToken => $"The hub does not accept the token in HF_TOKEN for the {what}: is it expired, or does the {what} not exist?",
            (HttpStatusCode.Unauthorized, _) => $"There is no public {what}: check the name at {page}, or, if it is private or gated, put a token into the environment variable HF_TOKEN.",
            (HttpStatusCode.Forbidden, _) => $"The token in HF_TOKEN may not read the {what}: give it the right to read at the hub's token settings, or accept the terms at {page}.",
            (HttpStatusCode.NotFound, "RevisionNotFound") => $"The {what} has no revision '{repository.Revision}'; leave --revision out for its main branch.",
            (HttpStatusCode.NotFound, _) => $"There is no {what} (or nothing at '{repository.Revision}'): check name and --revision at {page}.",
            _ => $"The hub answered {(int)response.StatusCode} {response.ReasonPhrase} for the {what}{(Header(response, "X-Error-Message") is { } reason ? $": {reason}" : "")}.",
        });
    }

    private static string? Header(HttpResponseMessage response, string name) => response.Headers.TryGetValues(name, out var values) ? values.First() : null;
}

/// <summary>An answer that may be another one in a moment: too many requests, or a server in trouble.</summary>
internal sealed class HubBusyException(string message, TimeSpan? retryAfter) : Exception(message)
{
    public TimeSpan? RetryAfter => retryAfter;
}

using System.Reflection;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.OpenApi;
using Serverless.Functions.Http;

namespace Serverless.Functions.Contract;

/// <summary>Builds the OpenAPI document: paths from the HTTP triggers, the rest from the attributes beside them.</summary>
internal sealed partial class ApiDocument
{
    private const string KeyScheme = "functionKey";
    private const string AdminScheme = "adminKey";

    private readonly OpenApiDocument document = new()
    {
        Info = new OpenApiInfo { Title = "Serverless: topics for your articles", Version = "1" },
        Servers = [new OpenApiServer { Url = "/api" }],
        Paths = [],
        Components = new OpenApiComponents(),
    };

    private readonly OpenApiSchemas schemas;

    /// <param name="types">Those without HTTP triggers are left out, and so are functions that do not say what they answer (the page).</param>
    public ApiDocument(IEnumerable<Type> types)
    {
        schemas = new OpenApiSchemas(document);
        document.AddComponent(KeyScheme, Key("The function key; the admin key does too."));
        document.AddComponent(AdminScheme, Key("The admin key."));
        foreach (var method in types.SelectMany(type => type.GetMethods()).Where(method => method.IsDefined(typeof(AnswersAttribute))))
        {
            var trigger = method.GetParameters().Select(parameter => parameter.GetCustomAttribute<HttpTriggerAttribute>()).First(attribute => attribute is not null)!;
            foreach (var route in Routes(trigger.Route!))
            {
                Add(route, method, trigger);
            }
        }
    }

    public Task<string> ToJsonAsync(CancellationToken cancellationToken) => document.SerializeAsJsonAsync(OpenApiSpecVersion.OpenApi3_1, cancellationToken);

    /// <summary>A path of OpenAPI has no optional part: then it is two paths.</summary>
    private static IEnumerable<string> Routes(string route)
    {
        var all = "/" + CatchAll().Replace(route, "{$1}");
        return Optional().Match(all) is { Success: true } part ? [all.Replace(part.Value, "", StringComparison.Ordinal), all.Replace("?}", "}", StringComparison.Ordinal)] : [all];
    }

    private void Add(string route, MethodInfo method, HttpTriggerAttribute trigger)
    {
        var operation = new OpenApiOperation
        {
            OperationId = method.GetCustomAttribute<FunctionAttribute>()!.Name + (route.Contains('{', StringComparison.Ordinal) || !trigger.Route!.Contains('?', StringComparison.Ordinal) ? "" : "ByDefault"),
            Summary = method.GetCustomAttribute<EndpointSummaryAttribute>()?.Summary,
            Parameters = [.. PathParameters(route), .. method.GetCustomAttributes<QueryAttribute>().Select(QueryParameter)],
            RequestBody = RequestBody([.. method.GetCustomAttributes<ReadsAttribute>()]),
            Responses = Responses(method, trigger),
        };
        if (trigger.AuthLevel != AuthorizationLevel.Anonymous)
        {
            var scheme = trigger.AuthLevel == AuthorizationLevel.Admin ? AdminScheme : KeyScheme;
            operation.Security = [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(scheme, document)] = [] }];
        }

        if (!document.Paths.TryGetValue(route, out var path))
        {
            document.Paths.Add(route, path = new OpenApiPathItem());
        }

        ((OpenApiPathItem)path).AddOperation(HttpMethod.Parse(trigger.Methods!.Single()), operation);
    }

    private IEnumerable<IOpenApiParameter> PathParameters(string route) => Parameter().Matches(route)
        .Select(part => new OpenApiParameter { Name = part.Groups[1].Value, In = ParameterLocation.Path, Required = true, Schema = schemas.Of(typeof(string)) });

    private OpenApiParameter QueryParameter(QueryAttribute query) =>
        new() { Name = query.Name, In = ParameterLocation.Query, Description = query.Description, Schema = schemas.Of(query.Type) };

    private OpenApiRequestBody? RequestBody(IReadOnlyCollection<ReadsAttribute> forms) =>
        forms.Count == 0 ? null : new OpenApiRequestBody { Required = true, Content = Content(forms.Select(form => (form.MediaType, form.Type))) };

    private OpenApiResponses Responses(MethodInfo method, HttpTriggerAttribute trigger)
    {
        var responses = new OpenApiResponses();
        foreach (var answers in method.GetCustomAttributes<AnswersAttribute>().GroupBy(answer => answer.Status))
        {
            responses.Add($"{answers.Key}", new OpenApiResponse { Description = "The answer.", Content = Content(answers.Select(answer => (answer.MediaType, answer.Type))) });
        }

        var anonymous = trigger.AuthLevel == AuthorizationLevel.Anonymous;
        var problems = method.GetCustomAttribute<FailsAttribute>()?.Problems ?? [];
        foreach (var same in problems.Concat(anonymous ? [] : [ProblemType.InternalError, ProblemType.StorageUnavailable]).GroupBy(Problems.Status))
        {
            responses.Add($"{same.Key}", new OpenApiResponse
            {
                Description = string.Join("; ", same.Select(Problems.Title)) + ".",
                Content = new Dictionary<string, IOpenApiMediaType> { [Problems.MediaType] = new OpenApiMediaType { Schema = schemas.OfProblems([.. same]) } },
            });
        }

        if (!anonymous)
        {
            responses.Add("401", new OpenApiResponse { Description = "The key is missing or wrong." });
        }

        return responses;
    }

    private Dictionary<string, IOpenApiMediaType> Content(IEnumerable<(string MediaType, Type Type)> forms) => forms.GroupBy(form => form.MediaType, form => form.Type)
        .ToDictionary(types => types.Key, IOpenApiMediaType (types) => new OpenApiMediaType { Schema = schemas.OfAny([.. types]) });

    private static OpenApiSecurityScheme Key(string description) =>
        new() { Type = SecuritySchemeType.ApiKey, In = ParameterLocation.Header, Name = "x-functions-key", Description = description };

    [GeneratedRegex(@"\{\*(\w+)\}")]
    private static partial Regex CatchAll();

    [GeneratedRegex(@"/\{\w+\?\}")]
    private static partial Regex Optional();

    [GeneratedRegex(@"\{(\w+)\}")]
    private static partial Regex Parameter();
}

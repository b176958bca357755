using Serverless.Functions.Http;

namespace Serverless.Functions.Contract;

/// <summary>A body that the function reads, for the OpenAPI document. One attribute for each form that it may have.</summary>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
internal sealed class ReadsAttribute(string mediaType, Type type) : Attribute
{
    public string MediaType { get; } = mediaType;

    /// <summary>The JSON's type; <see cref="string"/> for text, <see cref="Stream"/> for bytes.</summary>
    public Type Type { get; } = type;
}

/// <summary>What the function answers when all goes well, for the OpenAPI document.</summary>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
internal sealed class AnswersAttribute(int status, Type type, string mediaType = "application/json") : Attribute
{
    public int Status { get; } = status;

    /// <summary>The JSON's type; <see cref="Stream"/> for bytes.</summary>
    public Type Type { get; } = type;

    public string MediaType { get; } = mediaType;
}

/// <summary>The problems that the function may tell, beside those that all may; for the OpenAPI document.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class FailsAttribute(params ProblemType[] problems) : Attribute
{
    public IReadOnlyList<ProblemType> Problems { get; } = problems;
}

/// <summary>A parameter in the query, for the OpenAPI document.</summary>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
internal sealed class QueryAttribute(string name, Type type, string description) : Attribute
{
    public string Name { get; } = name;

    public Type Type { get; } = type;

    public string Description { get; } = description;
}

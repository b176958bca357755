using System.Collections;
using System.Reflection;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace Serverless.UnitTests.Functions;

/// <summary>The context of an invocation with what middleware reads and sets: the HTTP context, the cancellation and the result.</summary>
/// <param name="http">Null for a queue or blob trigger.</param>
/// <param name="cancellationToken">Cancelled when the host cancels the invocation.</param>
internal sealed class InvocationContext(HttpContext? http, CancellationToken cancellationToken) : FunctionContext
{
    public override CancellationToken CancellationToken { get; } = cancellationToken;

    // The key under which the ASP.NET Core integration adds it.
    public override IDictionary<object, object> Items { get; set; } =
        http is null ? new Dictionary<object, object>() : new Dictionary<object, object> { ["HttpRequestContext"] = http };

    public override IInvocationFeatures Features { get; } = new Properties();

    public override string InvocationId => throw new NotSupportedException();

    public override string FunctionId => throw new NotSupportedException();

    public override TraceContext TraceContext => throw new NotSupportedException();

    public override BindingContext BindingContext => throw new NotSupportedException();

    public override RetryContext RetryContext => throw new NotSupportedException();

    public override IServiceProvider InstanceServices { get; set; } = null!;

    public override FunctionDefinition FunctionDefinition => throw new NotSupportedException();

    /// <summary>Features whose properties keep what they are set to. The worker's own, which holds the result, has an internal interface.</summary>
    private sealed class Properties : IInvocationFeatures
    {
        private readonly Dictionary<Type, object> features = [];

        public void Set<T>(T instance) => features[typeof(T)] = instance!;

        public T? Get<T>()
        {
            if (!features.TryGetValue(typeof(T), out var feature))
            {
                features.Add(typeof(T), feature = DispatchProxy.Create<T, PropertyProxy>()!);
            }

            return (T)feature;
        }

        public IEnumerator<KeyValuePair<Type, object>> GetEnumerator() => features.GetEnumerator();

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }
}

/// <summary>An object with properties and no methods.</summary>
public class PropertyProxy : DispatchProxy
{
    private readonly Dictionary<string, object?> values = [];

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) => targetMethod!.Name.Split('_', 2) switch
    {
        ["get", var property] => values.GetValueOrDefault(property),
        ["set", var property] => values[property] = args![0],
        _ => throw new NotSupportedException(targetMethod.Name),
    };
}

using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Serverless.Local.Hosting;

/// <summary>Calls a function as the worker does: a new instance in a scope of its own, parameters by trigger, type and name; what it logs names the invocation.</summary>
internal sealed class FunctionInvoker(IServiceScopeFactory scopes, ILogger<FunctionInvoker> log)
{
    /// <param name="function">What to call.</param>
    /// <param name="trigger">The value of the parameter that carries the trigger.</param>
    /// <param name="bindingData">Values for parameters by their names: route values, parts of a blob path.</param>
    /// <param name="cancellationToken">Handed to the function.</param>
    /// <returns>What the function returned, awaited; null if it returns nothing.</returns>
    public async Task<object?> InvokeAsync(
        Function function, object trigger, IReadOnlyDictionary<string, string?> bindingData, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        using var invocation = log.BeginScope(new Dictionary<string, object> { ["faas.name"] = function.Name, ["faas.invocation_id"] = Guid.NewGuid() });
        var instance = ActivatorUtilities.CreateInstance(scope.ServiceProvider, function.Method.DeclaringType!);
        var arguments = function.Method.GetParameters().Select(parameter => Argument(parameter)).ToArray();
        var returned = function.Method.Invoke(instance, BindingFlags.DoNotWrapExceptions, null, arguments, null);
        if (returned is not Task task)
        {
            return returned;
        }

        await task;
        return function.Method.ReturnType.IsGenericType ? task.GetType().GetProperty(nameof(Task<>.Result))!.GetValue(task) : null;

        object? Argument(ParameterInfo parameter) =>
            parameter == function.TriggerParameter ? trigger
            : parameter.ParameterType == typeof(CancellationToken) ? cancellationToken
            : bindingData.TryGetValue(parameter.Name!, out var value) ? value
            : parameter.HasDefaultValue ? parameter.DefaultValue
            : null;
    }
}

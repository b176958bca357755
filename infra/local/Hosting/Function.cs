using System.Reflection;
using Microsoft.Azure.Functions.Worker;

namespace Serverless.Local.Hosting;

/// <summary>A method with a <see cref="FunctionAttribute"/>, and the parameter that carries its trigger.</summary>
internal sealed record Function(string Name, MethodInfo Method, ParameterInfo TriggerParameter, Attribute Trigger)
{
    /// <summary>All functions of some classes.</summary>
    /// <exception cref="InvalidOperationException">A function has no trigger, or one that is not hosted here.</exception>
    public static IReadOnlyList<Function> Of(IEnumerable<Type> types) =>
    [
        .. from type in types
           from method in type.GetMethods()
           let function = method.GetCustomAttribute<FunctionAttribute>()
           where function is not null
           orderby function.Name
           select From(function.Name, method),
    ];

    private static Function From(string name, MethodInfo method)
    {
        var triggers =
            from parameter in method.GetParameters()
            from attribute in parameter.GetCustomAttributes()
            where attribute is QueueTriggerAttribute or BlobTriggerAttribute or HttpTriggerAttribute
            select new Function(name, method, parameter, attribute);
        return triggers.SingleOrDefault()
            ?? throw new InvalidOperationException($"The function '{name}' needs one queue, blob or HTTP trigger: no other is hosted on this machine.");
    }
}

using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Numerics;

namespace Serverless.Trainer.Commands;

/// <summary>Creates options that take a number and have a clear error message for any other value.</summary>
internal static class NumberOption
{
    /// <param name="min">The minimum value; null for no minimum.</param>
    public static Option<T?> Create<T>(string name, string description, T? min = null)
        where T : struct, INumber<T> => new(name)
        {
            Description = description,
            HelpName = "number",
            CustomParser = argument => Read(name, argument, min),
        };

    /// <param name="defaultValue">The value if the option is not given.</param>
    public static Option<T> Create<T>(string name, string description, T defaultValue, T? min = null)
        where T : struct, INumber<T> => new(name)
        {
            Description = description,
            HelpName = "number",
            DefaultValueFactory = _ => defaultValue,
            CustomParser = argument => Read(name, argument, min) ?? defaultValue,
        };

    private static T? Read<T>(string name, ArgumentResult argument, T? min)
        where T : struct, INumber<T>
    {
        var text = argument.Tokens.Single().Value;
        if (T.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && T.IsFinite(number) && !(number < min))
        {
            return number;
        }

        var kind = typeof(T) == typeof(double) ? "a number" : "a whole number";
        argument.AddError($"{name} is '{text}'; it must be {kind}{(min is null ? "" : string.Create(CultureInfo.InvariantCulture, $" of at least {min}"))}.");
        return null;
    }
}

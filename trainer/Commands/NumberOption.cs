using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Numerics;

namespace Serverless.Trainer.Commands;

/// <summary>Options that take a number and say in words what is wrong with anything else.</summary>
internal static class NumberOption
{
    /// <param name="min">The smallest number that makes sense; null for any.</param>
    public static Option<T?> Create<T>(string name, string description, T? min = null)
        where T : struct, INumber<T> => new(name)
        {
            Description = description,
            HelpName = "number",
            CustomParser = argument => Read(name, argument, min),
        };

    /// <param name="defaultValue">Where the option is not given.</param>
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
        var word = argument.Tokens.Single().Value;
        if (T.TryParse(word, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && T.IsFinite(number) && !(number < min))
        {
            return number;
        }

        var kind = typeof(T) == typeof(double) ? "a number" : "a whole number";
        argument.AddError($"{name} is '{word}'; it must be {kind}{(min is null ? "" : string.Create(CultureInfo.InvariantCulture, $" from {min} up"))}.");
        return null;
    }
}

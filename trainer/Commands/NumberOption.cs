using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Numerics;

namespace Serverless.Trainer.Commands;

/// <summary>Options that take a number and say in words what is wrong with anything else.</summary>
internal static class NumberOption
{
    /// <param name="least">The smallest number that makes sense; null for any.</param>
    public static Option<T?> Create<T>(string name, string description, T? least = null)
        where T : struct, INumber<T> => new(name)
        {
            Description = description,
            HelpName = "number",
            CustomParser = argument => Read(name, argument, least),
        };

    /// <param name="otherwise">Where the option is not given.</param>
    public static Option<T> Create<T>(string name, string description, T otherwise, T? least = null)
        where T : struct, INumber<T> => new(name)
        {
            Description = description,
            HelpName = "number",
            DefaultValueFactory = _ => otherwise,
            CustomParser = argument => Read(name, argument, least) ?? otherwise,
        };

    private static T? Read<T>(string name, ArgumentResult argument, T? least)
        where T : struct, INumber<T>
    {
        var word = argument.Tokens.Single().Value;
        if (T.TryParse(word, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && T.IsFinite(number) && !(number < least))
        {
            return number;
        }

        var kind = typeof(T) == typeof(double) ? "a number" : "a whole number";
        argument.AddError($"{name} is '{word}'; it must be {kind}{(least is null ? "" : string.Create(CultureInfo.InvariantCulture, $" from {least} up"))}.");
        return null;
    }
}

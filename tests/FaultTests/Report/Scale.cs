using System.Globalization;

namespace Serverless.FaultTests.Report;

/// <summary>The sizes of a test: small in an ordinary run, large when <c>tests/reliability.sh</c> runs it.</summary>
internal static class Scale
{
    /// <summary>The seed of all random numbers.</summary>
    public static int Seed => Get("SEED", 42);

    /// <param name="name">The environment variable <c>RELIABILITY_{name}</c>.</param>
    /// <param name="defaultValue">The value where it is not set.</param>
    public static int Get(string name, int defaultValue) => Environment.GetEnvironmentVariable($"RELIABILITY_{name}") is { Length: > 0 } value
        ? int.Parse(value, NumberStyles.None, CultureInfo.InvariantCulture)
        : defaultValue;
}

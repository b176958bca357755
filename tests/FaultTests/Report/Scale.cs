using System.Globalization;

namespace Serverless.FaultTests.Report;

/// <summary>How much a test does: little in the ordinary suite, much when <c>tests/reliability.sh</c> runs it.</summary>
internal static class Extent
{
    /// <summary>The seed of everything that is drawn.</summary>
    public static int Seed => Of("SEED", 42);

    /// <param name="name">The environment variable <c>RELIABILITY_{name}</c>.</param>
    /// <param name="inSuite">What holds where it is not set.</param>
    public static int Of(string name, int inSuite) =>
        Environment.GetEnvironmentVariable($"RELIABILITY_{name}") is { Length: > 0 } value ? int.Parse(value, NumberStyles.None, CultureInfo.InvariantCulture) : inSuite;
}

namespace Serverless.Costs;

/// <summary>A number that the sums rest on: what it is, its unit, where it is from and when it was looked up or measured.</summary>
public sealed record Input(string Name, double Value, string Unit, string Source, DateOnly Date)
{
    public static implicit operator double(Input input) => input.Value;
}

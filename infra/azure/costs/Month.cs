namespace Serverless.Costs;

/// <summary>A month of 730.5 hours, as Azure's own estimates take it.</summary>
public static class Month
{
    public const double Days = 30.4375;
    public const double Seconds = Days * 24 * 3600;
}

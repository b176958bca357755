using Serverless.Trainer.Evaluation;

namespace Serverless.Trainer.Training;

/// <summary>Reduces a learning curve for storage and plots.</summary>
internal static class LearningCurve
{
    private const int MaxPoints = 300;

    /// <summary>Reduces a curve to about 300 points, each with the mean training loss since the previous one. All evaluations are kept.</summary>
    public static IReadOnlyList<CurvePoint> Thin(IReadOnlyList<CurvePoint> curve)
    {
        var width = (curve.Count + MaxPoints - 1) / MaxPoints;
        var thin = new List<CurvePoint>();
        var begin = 0;
        for (var end = 1; end <= curve.Count; end++)
        {
            var last = curve[end - 1];
            if (end - begin == width || end == curve.Count || last.HeldOut is not null)
            {
                thin.Add(last with { Loss = Mean(curve.Skip(begin).Take(end - begin), thin) });
                begin = end;
            }
        }

        return thin;
    }

    // The loss of a step that overflowed is not finite, which neither JSON nor a plot can represent.
    private static double Mean(IEnumerable<CurvePoint> points, List<CurvePoint> before) =>
        points.Select(point => point.Loss).Where(double.IsFinite).DefaultIfEmpty(before.Count > 0 ? before[^1].Loss : 0).Average();
}

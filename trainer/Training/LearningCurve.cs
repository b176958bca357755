using Serverless.Trainer.Evaluation;

namespace Serverless.Trainer.Training;

/// <summary>A learning curve short enough to keep and to draw.</summary>
internal static class LearningCurve
{
    private const int Points = 300;

    /// <summary>At most some hundred points: each the mean training loss since the one before it. Every evaluation stays.</summary>
    public static IReadOnlyList<CurvePoint> Thin(IReadOnlyList<CurvePoint> curve)
    {
        var width = (curve.Count + Points - 1) / Points;
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

    // A step that overflowed has no loss; neither JSON nor a plot has a place for it.
    private static double Mean(IEnumerable<CurvePoint> points, List<CurvePoint> before) =>
        points.Select(point => point.Loss).Where(double.IsFinite).DefaultIfEmpty(before.Count > 0 ? before[^1].Loss : 0).Average();
}

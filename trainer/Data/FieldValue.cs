namespace Serverless.Trainer.Data;

/// <summary>The value of one column in one row.</summary>
/// <param name="Text">The value as text; null if there is none.</param>
/// <param name="Problem">Why the value cannot be used, after the words "the text" or "the label"; null if it can be.</param>
/// <param name="IsNumber">Whether the format says that the value is a number, so that <c>1e0</c> is 1.</param>
internal readonly record struct FieldValue(string? Text, string? Problem = null, bool IsNumber = false)
{
    public static FieldValue Missing => default;

    public static FieldValue Unusable(string problem) => new(null, problem);
}

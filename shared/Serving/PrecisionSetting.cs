namespace Serverless.Serving;

/// <summary>The values of the setting <c>Classifier__Precision</c>.</summary>
public enum PrecisionSetting
{
    /// <summary>bf16 where the processor has bf16 instructions, else fp32. Never int8: see <see cref="PrecisionSelector.Merged"/>.</summary>
    Auto,

    Fp32,

    Bf16,

    /// <summary>Merged weights in int8 where the processor has VNNI instructions; everything else as with <see cref="Auto"/>.</summary>
    Int8,
}

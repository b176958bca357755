namespace Serverless.Llama.Kernels;

/// <summary>What the linear layers of a merged model compute in.</summary>
public enum Precision
{
    Fp32,

    Bf16,

    /// <summary>Weights and activations as signed bytes, with a scale for each output channel and each token; what lies between the linears in bf16 or fp32.</summary>
    Int8,
}

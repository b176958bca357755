namespace Serverless.Llama.Kernels;

/// <summary>Precision of the linear layers of a merged model.</summary>
public enum Precision
{
    Fp32,

    Bf16,

    /// <summary>int8 weights and activations, with a scale for each output channel and each token. Between the linear layers: bf16 or fp32.</summary>
    Int8,
}

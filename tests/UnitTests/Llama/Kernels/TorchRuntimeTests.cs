using Serverless.Llama.Kernels;

namespace Serverless.UnitTests.Llama.Kernels;

public sealed class TorchRuntimeTests
{
    [Theory]
    [InlineData("/lib/libstdc++.so.6: version `GLIBCXX_3.4.32' not found", "GLIBCXX_3.4.32 (GCC 13) is missing")]
    [InlineData("libgomp.so.1: cannot open shared object file", "install the package libgomp1")]
    [InlineData("something else", "something else")]
    public void A_library_that_cannot_be_loaded_is_explained_in_one_sentence(string native, string explanation) =>
        Assert.Contains(explanation, TorchRuntime.DescribeLoadError(new TypeInitializationException("torch", new DllNotFoundException(native))));

    [Fact]
    public void A_number_of_threads_below_one_is_refused_by_name() =>
        Assert.Contains("Classifier__TorchThreads", Assert.Throws<InvalidOperationException>(() => TorchRuntime.Initialize(0)).Message);
}

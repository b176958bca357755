using Serverless.Llama.Tokenizer;
using Serverless.Models;

namespace Serverless.UnitTests.Llama.Tokenizer;

public sealed class BytePairEncoderTests
{
    [Fact]
    public async Task Words_become_the_same_tokens_before_and_after_the_library_is_ready()
    {
        var file = Path.Combine(StarterModel.Folder, "base", "tokenizer.json");
        var random = new Random(42);
        string[] words = [.. Enumerable.Range(0, 2000).Select(_ => RandomWord(random))];
        var (early, late) = (LlamaTokenizer.Read(file), LlamaTokenizer.Read(file));

        var before = words.Select(word => early.Encode(word, 128).Ids).ToArray(); // at least its first words are encoded by BytePairEncoder
        await late.LibraryReady;
        var after = words.Select(word => late.Encode(word, 128).Ids).ToArray();

        Assert.Equal(before, after);
    }

    private static string RandomWord(Random random) =>
        string.Concat(Enumerable.Range(0, random.Next(1, 30)).Select(_ => (char)random.Next('a', 'z' + 1)));
}

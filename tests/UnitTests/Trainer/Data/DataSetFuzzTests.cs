using System.Text;
using Serverless.Trainer.Data;
using Serverless.UnitTests.Llama.Files;

namespace Serverless.UnitTests.Trainer.Data;

/// <summary>Damaged copies of data sets in every format and shape: each is read, or refused by name.</summary>
public sealed class DataSetFuzzTests : IDisposable
{
    private const int Copies = 300;

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("a.csv", "sep=;\r\ntitle;text;\"la\nbel\";label;split;;\r\nCup;\"one \"\"two\"\"\";x;1.0;train;;\r\n;three;y;-1;test;;\r\nÉ;four;z;E\u0301;;;\r\n")]
    [InlineData("a.jsonl", "{\"title\":\"Cup\",\"text\":\"one \\ud83d\\ude00\",\"label\":1e0}\n{\"Text\":\"two\",\"label\":\"x\",\"split\":\"test\"},\n{}{}\n")]
    [InlineData("b.jsonl", "[\n  {\"text\": \"one\", \"label\": [\"x\"]},\n  {\"text\": \"two\", \"label\": true},\n  {\"text\": {}, \"label\": null},\n]\n")]
    public async Task A_damaged_text_file_is_read_or_refused_by_name(string name, string content)
    {
        var original = Encoding.UTF8.GetBytes(content);

        await ReadDamagedAsync(name, original, original.Length);
    }

    [Theory]
    [InlineData("hub-snappy.parquet")]
    [InlineData("hub-zstd.parquet")]
    public async Task A_damaged_Parquet_file_is_read_or_refused_by_name(string file)
    {
        var original = await File.ReadAllBytesAsync(
            Path.Combine(Repository.Root, "tests/UnitTests/Trainer/Data/Fixtures", file), TestContext.Current.CancellationToken);

        await ReadDamagedAsync(file, original, original.Length);
    }

    private async Task ReadDamagedAsync(string name, byte[] original, int interesting)
    {
        var refused = 0;
        for (var number = 0; number < Copies; number++)
        {
            var path = folder.File(name, Mutations.Mutate(original, interesting, number));
            try
            {
                var read = await DataSetFile.ReadAsync(path, cancellationToken: TestContext.Current.CancellationToken);
                Assert.All(read.Rows, row => Assert.NotEqual("", row.Label));
            }
            catch (DataSetRefusedException refusal)
            {
                Assert.StartsWith(name, refusal.Message, StringComparison.Ordinal);
                refused++;
            }
        }

        Assert.InRange(refused, 1, Copies);
    }
}

using System.Text.Json;
using Parquet;
using Parquet.Schema;

namespace Serverless.UnitTests.Trainer.Data;

/// <summary>Parquet files with the columns text and label, and the metadata that the Hugging Face hub writes.</summary>
internal static class ToyParquet
{
    /// <summary>The metadata that names integer labels.</summary>
    public static string Names(params string[] names) =>
        JsonSerializer.Serialize(new { info = new { features = new { label = new { names, _type = "ClassLabel" } } } });

    public static async Task<byte[]> BytesAsync<T>(string[] texts, T[] labels, string metadata)
        where T : struct
    {
        var (text, label) = (new DataField<string>("text"), new DataField<T>("label"));
        using var stream = new MemoryStream();
        await using (var writer = await ParquetWriter.CreateAsync(new ParquetSchema(text, label), stream, cancellationToken: TestContext.Current.CancellationToken))
        {
            writer.CustomMetadata = new Dictionary<string, string> { ["huggingface"] = metadata };
            using var group = writer.CreateRowGroup();
            await group.WriteAsync(text, texts);
            await group.WriteAsync<T>(label, labels.AsMemory(), cancellationToken: TestContext.Current.CancellationToken);
        }

        return stream.ToArray();
    }
}

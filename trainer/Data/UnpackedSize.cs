namespace Serverless.Trainer.Data;

/// <summary>Limits the memory for the texts of a compressed file.</summary>
/// <remarks>
/// While a row group is read, its texts take up to six times their unpacked size. A file of 8 MB that unpacks to 1 GB in one row group took
/// 5.8 GB, and the trainer's container without a GPU has 8 GB.
/// </remarks>
/// <param name="file">Its name.</param>
/// <param name="packed">Its size.</param>
/// <param name="rows">The number of its rows; a file of a few kilobytes can have millions that are equal.</param>
internal sealed class UnpackedSize(string file, long packed, long rows)
{
    public const long MaxBytes = 1L << 30;

    /// <summary>What a row takes beside its text.</summary>
    private const int RowBytes = 64;

    /// <summary>Text becomes two to five times larger. A file below this size is read whatever its factor.</summary>
    private const int MaxFactor = 16;

    private const long AnyFactorBytes = 128L << 20;

    private long read;

    /// <param name="values">The unpacked size of the values.</param>
    /// <exception cref="DataSetRefusedException">The file unpacks to more than a text of its size does, or to more than the limit.</exception>
    public void ThrowIfTooLarge(long values)
    {
        var unpacked = values + (rows * RowBytes);
        if (unpacked > MaxBytes || (unpacked > AnyFactorBytes && unpacked > MaxFactor * packed))
        {
            throw new DataSetRefusedException(
                file,
                $"Its columns unpack from {Megabytes(packed)} to {Megabytes(unpacked)}; at most {Megabytes(MaxBytes)} are read, " +
                $"and above {Megabytes(AnyFactorBytes)} at most {MaxFactor} times the size of the file: split it.");
        }
    }

    /// <summary>Counts values that were read, since the sizes in a file's metadata can be wrong, and a value that is repeated is counted once there.</summary>
    public void Add(IEnumerable<FieldValue> values)
    {
        read += values.Sum(value => (long)(value.Text?.Length ?? 0));
        ThrowIfTooLarge(read);
    }

    private static string Megabytes(long bytes) => $"{Math.Max(1, bytes >> 20):N0} MB";
}

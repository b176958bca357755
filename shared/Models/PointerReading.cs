using Azure;
using Azure.Storage.Blobs.Models;

namespace Serverless.Models;

/// <summary>The result of reading a classifier's pointer.</summary>
/// <param name="Current">Null if nothing is published, if the pointer is damaged, or if it is unchanged.</param>
/// <param name="ETag">For the next reading, or for publishing on the basis of this one; null if there is no pointer.</param>
/// <param name="Unchanged">True if the pointer still has the ETag that was known.</param>
/// <param name="Damage">What is wrong with a pointer that cannot be read, and what to do; null if it can be read.</param>
public sealed record PointerReading(ModelPointer? Current, ETag? ETag, bool Unchanged, string? Damage = null)
{
    internal static PointerReading FromBlob(BlobDownloadResult blob, string name)
    {
        try
        {
            return new PointerReading(ModelPointer.Parse(blob.Content, name), blob.Details.ETag, Unchanged: false);
        }
        catch (InvalidDataException exception)
        {
            return new PointerReading(null, blob.Details.ETag, Unchanged: false, $"{exception.Message} Promoting a version writes it anew.");
        }
    }

    internal static PointerReading FromUnchanged(ETag? known) => new(null, known, Unchanged: true);
}

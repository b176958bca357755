namespace Serverless.Llama.Files;

/// <summary>Files that may be symbolic links.</summary>
internal static class LinkedFile
{
    /// <summary>Whether a file can be opened: <see cref="File.Exists"/> is true as well for a link whose target is gone.</summary>
    public static bool Exists(string path)
    {
        try
        {
            return File.Exists(path) && new FileInfo(path).ResolveLinkTarget(returnFinalTarget: true) is null or { Exists: true };
        }
        catch (IOException)
        {
            return false; // links that lead in a circle
        }
    }
}

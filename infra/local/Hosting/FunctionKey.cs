using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Serverless.Local.Hosting;

/// <summary>A key that callers send in the header <c>x-functions-key</c> or the query parameter <c>code</c>.</summary>
internal sealed class FunctionKey(string value)
{
    private readonly byte[] value = Encoding.UTF8.GetBytes(value);

    /// <summary>Reads the key from a file, which is created with a random key if it does not exist.</summary>
    public static FunctionKey ReadOrCreate(string path)
    {
        if (!File.Exists(path))
        {
            var ownerOnly = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows())
            {
                ownerOnly.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            }

            using var file = new FileStream(path, ownerOnly);
            file.Write(Encoding.UTF8.GetBytes(Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32))));
        }

        return new FunctionKey(File.ReadAllText(path).Trim());
    }

    public bool Matches(HttpRequest request)
    {
        var sent = request.Headers.TryGetValue("x-functions-key", out var header) ? header.ToString() : request.Query["code"].ToString();
        return CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(sent), value);
    }
}

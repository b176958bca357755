using System.Net;
using System.Net.Sockets;

namespace Serverless.Testing;

/// <summary>Ports for programs that are killed and started again on the same ones.</summary>
/// <remarks>They are below the ephemeral range, so that no other program gets one of them in between by asking for port 0.</remarks>
public static class FreePorts
{
    private const int Min = 12_000;
    private const int Max = 31_999;

    private static readonly HashSet<int> Taken = [];

    public static int[] Take(int count)
    {
        var found = new List<int>();
        while (found.Count < count)
        {
            var port = Random.Shared.Next(Min, Max + 1);
            lock (Taken)
            {
                if (!Taken.Contains(port) && IsFree(port))
                {
                    Taken.Add(port);
                    found.Add(port);
                }
            }
        }

        return [.. found];
    }

    private static bool IsFree(int port)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}

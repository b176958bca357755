using System.Net;
using System.Net.Sockets;

namespace Serverless.FaultTests.Programs;

/// <summary>
/// Ports for programs that are killed and started again on the same ones: below the range from which the system serves whoever
/// asks for any port, so that nobody takes one in between.
/// </summary>
internal static class FreePorts
{
    private const int First = 12_000;
    private const int End = 32_000;

    private static readonly HashSet<int> Taken = [];

    public static int[] Take(int count)
    {
        var found = new List<int>();
        while (found.Count < count)
        {
            var port = Random.Shared.Next(First, End);
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

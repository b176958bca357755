using System.Net;
using System.Net.Sockets;

namespace Serverless.Local;

/// <summary>The ports of the loopback address that the system is to listen on.</summary>
internal static class Ports
{
    /// <summary>The standard ports of the storage emulator and of the Functions Core Tools.</summary>
    public static readonly Endpoints Default = new(10000, 10001, 10002, 7071);

    /// <summary>Checks that all are free. A port 0 is replaced by one that is.</summary>
    /// <exception cref="LocalSystemException">A port is taken.</exception>
    public static Endpoints Resolve(Endpoints requested)
    {
        // All are held at once, so that no free one is found twice.
        var held = new List<TcpListener>();
        try
        {
            return new Endpoints(
                Hold(requested.Blobs, "the storage emulator (blobs)", "--blob-port"),
                Hold(requested.Queues, "the storage emulator (queues)", "--queue-port"),
                Hold(requested.Tables, "the storage emulator (tables)", "--table-port"),
                Hold(requested.Http, "the functions", "--port"));
        }
        finally
        {
            held.ForEach(listener => listener.Dispose());
        }

        int Hold(int port, string user, string option)
        {
            var listener = new TcpListener(IPAddress.Loopback, port);
            held.Add(listener);
            try
            {
                listener.Start();
                return ((IPEndPoint)listener.LocalEndpoint).Port;
            }
            catch (SocketException)
            {
                throw new LocalSystemException($"Port {port}, meant for {user}, is taken by another program: stop that one, or choose another port with {option} (0 takes any free one).");
            }
        }
    }
}

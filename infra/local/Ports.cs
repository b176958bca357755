using System.Net;
using System.Net.Sockets;

namespace Serverless.Local;

/// <summary>The ports of the loopback address that the system listens on.</summary>
internal static class Ports
{
    /// <summary>The default ports of the storage emulator and of the Functions Core Tools.</summary>
    public static readonly Endpoints Default = new(10000, 10001, 10002, 7071);

    /// <summary>Checks that all ports are free, and replaces 0 by a free port.</summary>
    /// <exception cref="LocalSystemException">A port is in use.</exception>
    public static Endpoints Resolve(Endpoints requested)
    {
        // All are bound at the same time, so that no free port is found twice.
        var listeners = new List<TcpListener>();
        try
        {
            return new Endpoints(
                Bind(requested.Blobs, "the storage emulator (blobs)", "--blob-port"),
                Bind(requested.Queues, "the storage emulator (queues)", "--queue-port"),
                Bind(requested.Tables, "the storage emulator (tables)", "--table-port"),
                Bind(requested.Http, "the functions", "--port"));
        }
        finally
        {
            listeners.ForEach(listener => listener.Dispose());
        }

        int Bind(int port, string user, string option)
        {
            var listener = new TcpListener(IPAddress.Loopback, port);
            listeners.Add(listener);
            try
            {
                listener.Start();
                return ((IPEndPoint)listener.LocalEndpoint).Port;
            }
            catch (SocketException)
            {
                throw new LocalSystemException(
                    $"Port {port} for {user} is in use by another program: " +
                    $"stop that program, or choose another port with {option} (0 for any free port).");
            }
        }
    }
}

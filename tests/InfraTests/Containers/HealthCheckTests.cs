using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Serverless.InfraTests.Containers;

public sealed class HealthCheckTests
{
    [Theory]
    [InlineData("200 OK", 0)]
    [InlineData("503 Service Unavailable", 1)]
    public async Task Only_a_response_with_200_is_healthy(string status, int expected)
    {
        using var server = new TcpListener(IPAddress.Loopback, 0);
        server.Start();
        var asked = AnswerOnceAsync(server, status, TestContext.Current.CancellationToken);

        var check = await RunAsync(((IPEndPoint)server.LocalEndpoint).Port);

        Assert.Equal(expected, check.ExitCode);
        Assert.StartsWith("GET /api/health HTTP/1.", await asked);
    }

    [Fact]
    public async Task Without_a_listener_the_check_fails()
    {
        int port;
        using (var server = new TcpListener(IPAddress.Loopback, 0))
        {
            server.Start();
            port = ((IPEndPoint)server.LocalEndpoint).Port;
        }

        Assert.NotEqual(0, (await RunAsync(port)).ExitCode);
    }

    private static Task<ProgramResult> RunAsync(int port) =>
        RunningProgram.RunToEndAsync(Repository.PathOf("infra/containers/functions-health.sh"), [$"{port}"], TestContext.Current.CancellationToken);

    private static async Task<string> AnswerOnceAsync(TcpListener server, string status, CancellationToken cancellationToken)
    {
        using var client = await server.AcceptTcpClientAsync(cancellationToken);
        await using var stream = client.GetStream();
        var request = new byte[1024];
        var length = await stream.ReadAsync(request, cancellationToken);
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n"), cancellationToken);
        return Encoding.ASCII.GetString(request, 0, length);
    }
}

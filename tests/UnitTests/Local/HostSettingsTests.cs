using Microsoft.Extensions.Configuration;
using Serverless.Local.Hosting;

namespace Serverless.UnitTests.Local;

public sealed class HostSettingsTests
{
    private static readonly string HostJson = Path.Combine(Repository.Root, "host.json");

    [Fact]
    public void The_values_of_host_json_are_those_of_the_design()
    {
        var settings = HostSettings.Read(HostJson, new ConfigurationBuilder().Build());

        Assert.Equal("api", settings.RoutePrefix);
        Assert.Equal(16, settings.Queues.BatchSize);
        Assert.Equal(8, settings.Queues.NewBatchThreshold);
        Assert.Equal(5, settings.Queues.MaxDequeueCount);
        Assert.Equal(TimeSpan.FromSeconds(30), settings.Queues.VisibilityTimeout);
        Assert.Equal(TimeSpan.FromMinutes(10), settings.FunctionTimeout);
        Assert.Equal(TimeSpan.FromMinutes(10), settings.Queues.MessageVisibility);
    }

    [Fact]
    public void The_limit_of_a_body_is_that_of_the_Functions_host_unless_it_is_set()
    {
        var environment = new ConfigurationBuilder().AddInMemoryCollection([new("FUNCTIONS_REQUEST_BODY_SIZE_LIMIT", "3000000")]).Build();

        Assert.Equal(104_857_600, HostSettings.Read(HostJson, new ConfigurationBuilder().Build()).RequestBodyLimit);
        Assert.Equal(3_000_000, HostSettings.Read(HostJson, environment).RequestBodyLimit);
    }

    [Fact]
    public void Times_can_be_set_so_that_a_test_need_not_wait_for_them()
    {
        var environment = new ConfigurationBuilder().AddInMemoryCollection(
            [new("Local:RetryDelay", "00:00:00.2"), new("Local:MessageVisibility", "00:00:03"), new("Local:BlobScanInterval", "00:00:00.1")]).Build();

        var settings = HostSettings.Read(HostJson, environment);

        Assert.Equal(TimeSpan.FromMilliseconds(200), settings.Queues.VisibilityTimeout);
        Assert.Equal(TimeSpan.FromSeconds(3), settings.Queues.MessageVisibility);
        Assert.Equal(TimeSpan.FromMilliseconds(100), settings.BlobScanInterval);
    }
}

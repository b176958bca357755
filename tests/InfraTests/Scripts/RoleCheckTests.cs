namespace Serverless.InfraTests.Scripts;

public sealed class RoleCheckTests
{
    private const string Storage = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/st";

    private static readonly string[] Grants =
    [
        $"functions\t1111\tStorage Queue Data Contributor\t{Storage}/queueServices/default/queues/articles",
        $"trainer\t2222\tStorage Queue Data Contributor\t{Storage}/queueServices/default/queues/training-requests",
        $"trainer\t2222\tStorage Blob Data Reader\t{Storage}/blobServices/default/containers/datasets",
    ];

    /// <summary>As Azure lists them: scopes in any case, and assignments of other people among them.</summary>
    private static readonly string[] Assignments =
        [$"3333\tOwner\t{Storage}", .. Grants.Select(grant => grant.Split('\t', 2)[1].Replace("resourceGroups", "resourcegroups", StringComparison.Ordinal))];

    [Fact]
    public async Task With_all_roles_the_deployment_continues()
    {
        using var azure = new FakeAzure(Grants, Assignments);

        var run = await azure.DeployAsync();

        Assert.Contains("+ az acr build", run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("missing", run.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_missing_role_stops_the_deployment_with_its_name_program_and_scope()
    {
        using var azure = new FakeAzure(Grants, Assignments[..^1]);

        var run = await azure.DeployAsync();

        Assert.Equal(1, run.ExitCode);
        Assert.StartsWith($"This role is missing: 'Storage Blob Data Reader' for the trainer on {Storage}/blobServices/default/containers/datasets.\nRun this again", run.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("+ az acr build", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_same_role_on_another_scope_or_for_another_program_is_not_enough()
    {
        using var azure = new FakeAzure(Grants, [Assignments[1].Replace("1111", "2222", StringComparison.Ordinal), Assignments[3] + "-old"]);

        var run = await azure.DeployAsync();

        Assert.Equal(3, run.Errors.Split('\n').Count(line => line.StartsWith("This role is missing", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_deployment_without_roles_in_its_outputs_stops()
    {
        using var azure = new FakeAzure([], Assignments);

        var run = await azure.DeployAsync();

        Assert.Equal(1, run.ExitCode);
        Assert.StartsWith("The deployment has no role assignments", run.Errors, StringComparison.Ordinal);
    }
}

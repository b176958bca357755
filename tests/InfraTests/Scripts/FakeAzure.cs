namespace Serverless.InfraTests.Scripts;

/// <summary>
/// A machine whose Azure CLI is a script: it is signed in, all deployments and builds succeed, and it returns the roles and the pointer
/// of the test. <c>sleep</c> returns at once.
/// </summary>
internal sealed class FakeAzure : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly MachineWithoutAzure machine = new();

    /// <param name="grants">The output of the deployment: program, principal, role and scope.</param>
    /// <param name="assignments">The assignments that Azure lists: principal, role and scope.</param>
    /// <param name="pointer">The ETag of the pointer to the serving version; empty if there is none.</param>
    /// <param name="trained">The same after a data set was uploaded.</param>
    public FakeAzure(IEnumerable<string> grants, IEnumerable<string> assignments, string pointer = "", string trained = "1")
    {
        File.WriteAllLines(folder.File("grants"), grants);
        File.WriteAllLines(folder.File("assignments"), assignments);
        File.WriteAllText(folder.File("pointer"), pointer);
        machine.Install("az", $"""
            #!/bin/bash
            case "$*" in
              *outputs.grants*) cat '{folder.File("grants")}' ;;
              "role assignment list"*) cat '{folder.File("assignments")}' ;;
              "deployment group create"*) echo "image '$SERVERLESS_IMAGE_TAG', events $SERVERLESS_SUBSCRIBE" >> '{folder.File("deployments")}' ;;
              "storage blob upload "*) printf '%s' '{trained}' > '{folder.File("pointer")}' ;;
              "storage blob list"*adapters/news/*) echo starter ;;
              "storage blob list"*--prefix\ base/*) echo manifest.json ;;
              "storage blob list"*) cat '{folder.File("pointer")}' ;;
            esac
            """);
        foreach (var tool in new[] { "curl", "openssl", "sleep" })
        {
            machine.Install(tool, "#!/bin/bash");
        }
    }

    public Dictionary<string, string> Environment => machine.Environment;

    /// <summary>The image tag and the setting of the events in each deployment.</summary>
    public IReadOnlyList<string> Deployments => File.ReadAllLines(folder.File("deployments"));

    public Task<ProgramResult> DeployAsync() => machine.RunAsync("infra/azure/deploy.sh", "--base-folder", "infra/azure", "--dataset", "global.json");

    public void Dispose()
    {
        machine.Dispose();
        folder.Dispose();
    }
}

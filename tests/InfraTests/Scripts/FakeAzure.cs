namespace Serverless.InfraTests.Scripts;

/// <summary>
/// A machine whose Azure CLI is a script: signed in, every deployment and every build succeeds, and what it says of roles and of
/// the pointer is what a test says. Nobody sleeps.
/// </summary>
internal sealed class FakeAzure : IDisposable
{
    private readonly TemporaryFolder answers = new();
    private readonly MachineWithoutAzure machine = new();

    /// <param name="grants">What the deployment gave out: to whom, principal, role and scope.</param>
    /// <param name="assignments">What Azure lists: principal, role and scope.</param>
    /// <param name="pointer">The ETag of the pointer to the serving version; empty if there is none.</param>
    /// <param name="trained">The same after a data set has come.</param>
    public FakeAzure(IEnumerable<string> grants, IEnumerable<string> assignments, string pointer = "", string trained = "1")
    {
        File.WriteAllLines(answers.File("grants"), grants);
        File.WriteAllLines(answers.File("assignments"), assignments);
        File.WriteAllText(answers.File("pointer"), pointer);
        machine.Install("az", $"""
            #!/bin/bash
            case "$*" in
              *outputs.grants*) cat '{answers.File("grants")}' ;;
              "role assignment list"*) cat '{answers.File("assignments")}' ;;
              "deployment group create"*) echo "image '$SERVERLESS_IMAGE_TAG', events $SERVERLESS_SUBSCRIBE" >> '{answers.File("deployments")}' ;;
              "storage blob upload "*) printf '%s' '{trained}' > '{answers.File("pointer")}' ;;
              "storage blob list"*) cat '{answers.File("pointer")}' ;;
            esac
            """);
        foreach (var tool in new[] { "curl", "openssl", "sleep" })
        {
            machine.Install(tool, "#!/bin/bash");
        }
    }

    public Dictionary<string, string> Environment => machine.Environment;

    /// <summary>What each deployment was told of the programs and the events.</summary>
    public IReadOnlyList<string> Deployments => File.ReadAllLines(answers.File("deployments"));

    public Task<ProgramResult> DeployAsync() => machine.RunAsync("infra/azure/deploy.sh", "--base-folder", "infra/azure", "--dataset", "global.json");

    public void Dispose()
    {
        machine.Dispose();
        answers.Dispose();
    }
}

namespace Serverless.InfraTests.Scripts;

/// <summary>A machine whose Azure CLI is a script: signed in, every deployment succeeds, and what it says of roles is what a test says.</summary>
internal sealed class FakeAzure : IDisposable
{
    private readonly TemporaryFolder answers = new();
    private readonly MachineWithoutAzure machine = new();

    /// <param name="grants">What the deployment gave out: to whom, principal, role and scope.</param>
    /// <param name="assignments">What Azure lists: principal, role and scope.</param>
    public FakeAzure(IEnumerable<string> grants, IEnumerable<string> assignments)
    {
        File.WriteAllLines(answers.File("grants"), grants);
        File.WriteAllLines(answers.File("assignments"), assignments);
        machine.Install("az", $"""
            #!/bin/bash
            case "$*" in
              *outputs.grants*) cat '{answers.File("grants")}' ;;
              "role assignment list"*) cat '{answers.File("assignments")}' ;;
              "acr build"*) echo "The registry is not a part of this test." >&2; exit 1 ;;
            esac
            """);
    }

    public Task<Command> DeployAsync() => machine.RunAsync("infra/azure/deploy.sh", "--base-folder", "infra/azure", "--dataset", "global.json");

    public void Dispose()
    {
        machine.Dispose();
        answers.Dispose();
    }
}

using System.CommandLine;

namespace Serverless.Local.Commands;

/// <summary>The option <c>--until-input-ends</c>, for programs that start this one.</summary>
internal sealed class UntilInputEndsOption() : Option<bool>("--until-input-ends")
{
    public static UntilInputEndsOption Create() => new() { Description = "Stop when standard input ends, that is with the program that started this one." };

    /// <summary>What ends the command: Ctrl-C, and the end of standard input if it was asked for.</summary>
    public CancellationTokenSource Link(ParseResult arguments, CancellationToken cancellationToken) =>
        arguments.GetValue(this) ? StdinClosed.Link(cancellationToken) : CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
}

using System.CommandLine;

namespace Serverless.Local.Commands;

/// <summary>The option <c>--until-input-ends</c>, for programs that start this one.</summary>
internal sealed class UntilInputEndsOption() : Option<bool>("--until-input-ends")
{
    public static UntilInputEndsOption Create() => new() { Description = "Stop when standard input ends, that is, when the parent process ends." };

    /// <summary>Creates the token source that stops the command: by Ctrl-C and, with the option, by the end of standard input.</summary>
    public CancellationTokenSource Link(ParseResult arguments, CancellationToken cancellationToken) =>
        arguments.GetValue(this) ? StdinClosed.Link(cancellationToken) : CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
}

namespace Serverless.Testing;

/// <summary>How a program ended and what it wrote.</summary>
public sealed record ProgramResult(int ExitCode, string Output, string Errors);

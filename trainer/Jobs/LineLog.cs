using System.Text;
using System.Text.Json;

namespace Serverless.Trainer.Jobs;

/// <summary>The log of the trainer's job: one line for each message, whatever it contains; in Azure one JSON object.</summary>
/// <remarks>
/// Names of data sets, labels and errors come from other people, and a line break in one must not make another line. Alerts read the
/// fields of the JSON objects (infra/azure/modules/alerts.bicep).
/// </remarks>
internal sealed class LineLog(TextWriter output, bool isJson, TimeProvider time) : TextWriter
{
    public override Encoding Encoding => output.Encoding;

    /// <summary>Creates the log that the environment asks for.</summary>
    /// <remarks>
    /// The setting is that of the .NET console logger. JSON goes to the standard output: what .NET itself writes of an unhandled exception
    /// goes to the standard error.
    /// </remarks>
    public static LineLog Create(TimeProvider time) => Environment.GetEnvironmentVariable("Logging__Console__FormatterName") == "json"
        ? new LineLog(Console.Out, isJson: true, time)
        : new LineLog(Console.Error, isJson: false, time);

    public override void Write(char value) => output.Write(value);

    public override void WriteLine(string? value) => WriteEvent(value ?? "", null, null);

    public void WriteEvent(string message, string? name, IReadOnlyDictionary<string, string>? fields) =>
        output.WriteLine(isJson ? ToJson(message, name, fields) : LogText.Escape(message));

    private string ToJson(string message, string? name, IReadOnlyDictionary<string, string>? fields) =>
        JsonSerializer.Serialize(new { Timestamp = time.GetUtcNow(), Message = message, Event = name, Fields = fields });
}

/// <summary>Entries of the log that alerts read.</summary>
internal static class LogEvents
{
    /// <summary>Writes a message with a name and fields. A log that is not one of lines gets the message only.</summary>
    public static void WriteEvent(this TextWriter log, string message, string name, IReadOnlyDictionary<string, string> fields)
    {
        if (log is LineLog lines)
        {
            lines.WriteEvent(message, name, fields);
        }
        else
        {
            log.WriteLine(message);
        }
    }
}

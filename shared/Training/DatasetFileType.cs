namespace Serverless.Training;

public enum DatasetFileType
{
    Csv,

    /// <summary>One JSON object a line.</summary>
    JsonLines,

    Parquet,
}

namespace Serverless.Functions.Http;

/// <summary>The types of problems.</summary>
/// <remarks>The <c>type</c> of a problem document is made from the name, and programs rely on it: names do not change.</remarks>
internal enum ProblemType
{
    MalformedRequest,
    UnknownClassifier,
    UnknownArticle,
    UnknownVersion,
    UnknownFile,
    NothingToExport,
    NotPromoted,
    TooLarge,
    UnsupportedMediaType,
    TooBusy,
    InternalError,
    NotReady,
    StorageUnavailable,
}

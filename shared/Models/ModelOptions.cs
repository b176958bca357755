using Microsoft.Extensions.Configuration;
using Serverless.Storage;

namespace Serverless.Models;

/// <summary>The settings of the section <c>Classifier</c> that both serving and training read: which base model, and where downloads are kept.</summary>
public sealed record ModelOptions
{
    /// <summary>The base model of all classifiers, a folder of <c>models/base/</c>.</summary>
    public string Base { get; init; } = StarterModel.BaseModel;

    /// <summary>The local folder of downloaded models.</summary>
    public string CacheFolder { get; init; } = Path.Combine(Path.GetTempPath(), "serverless-models");

    /// <exception cref="UserException">A value is not valid; the message names the setting.</exception>
    public static ModelOptions Read(IConfiguration configuration)
    {
        var options = configuration.GetSection("Classifier").Get<ModelOptions>() ?? new ModelOptions();
        if (!StorageNames.IsBaseModel(options.Base))
        {
            throw new UserException($"The setting Classifier__Base is '{options.Base}'; it must be owner/name.");
        }

        if (string.IsNullOrWhiteSpace(options.CacheFolder))
        {
            throw new UserException($"The setting Classifier__CacheFolder is '{options.CacheFolder}'; it must be a folder.");
        }

        return options;
    }
}

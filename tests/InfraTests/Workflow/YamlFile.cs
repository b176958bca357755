using YamlDotNet.RepresentationModel;

namespace Serverless.InfraTests.Workflow;

/// <summary>A YAML file of the repository.</summary>
internal static class YamlFile
{
    public static YamlMappingNode Read(string path)
    {
        var yaml = new YamlStream();
        yaml.Load(new StringReader(Repository.Read(path)));
        return (YamlMappingNode)yaml.Documents[0].RootNode;
    }
}

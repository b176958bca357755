using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace Serverless.UnitTests.Functions;

/// <summary>
/// Holds the declarations of tests/WorkerContract against the genuine assemblies, as far as the package cache of this machine
/// has them: their metadata is read, and nothing of them is loaded.
/// </summary>
public sealed class WorkerContractTests
{
    private const string Prefix = "microsoft.azure.functions.worker";

    public static TheoryData<string> Types { get; } =
    [
        "BlobTriggerAttribute", "BlobTriggerSource", "QueueTriggerAttribute", "HttpTriggerAttribute", "AuthorizationLevel", "FunctionAttribute",
        "Builder.FunctionsApplication", "Builder.FunctionsApplicationBuilder", "Builder.FunctionsApplicationBuilderAspNetCoreExtensions",
        "OpenTelemetry.ConfigureFunctionsOpenTelemetry",
    ];

    [Fact]
    public void Every_type_of_the_contract_is_compared()
    {
        Assert.SkipUnless(Contract() is not null, "skipped: this build uses the genuine packages, so the contract is not built.");

        Assert.Equal(Types.Select(type => $"Microsoft.Azure.Functions.Worker.{type.Data}").Order(), Contract()!.GetExportedTypes().Select(type => type.FullName!).Order());
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void What_the_contract_declares_the_genuine_packages_have(string name)
    {
        Assert.SkipUnless(Contract() is not null, "skipped: this build uses the genuine packages, so the contract is not built.");
        var declared = Contract()!.GetType($"Microsoft.Azure.Functions.Worker.{name}", throwOnError: true)!;
        var genuine = Genuine(declared);
        Assert.SkipUnless(genuine is not null, $"skipped: no package in the cache has {declared.FullName}.");

        Assert.Superset(Members(declared).ToHashSet(), genuine!.ToHashSet());
    }

    private static Assembly? Contract() => AppDomain.CurrentDomain.GetAssemblies().FirstOrDefault(assembly => assembly.GetName().Name == "Serverless.WorkerContract")
        ?? (File.Exists(Path.Combine(AppContext.BaseDirectory, "Serverless.WorkerContract.dll")) ? Assembly.Load("Serverless.WorkerContract") : null);

    /// <summary>Public constructors and methods with the names of their parameters, properties, and the values of an enum.</summary>
    private static IEnumerable<string> Members(Type type)
    {
        if (type.IsEnum)
        {
            return Enum.GetNames(type).Select(value => $"{value} = {Convert.ToInt32(Enum.Parse(type, value), null)}");
        }

        var calls = type.GetConstructors().Cast<MethodBase>().Concat(type.GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly));
        return calls.Select(call => $"{call.Name}({string.Join(", ", call.GetParameters().Select(parameter => parameter.Name))})");
    }

    /// <summary>The same of a type in the package cache, by metadata; null if no package has it.</summary>
    private static IReadOnlyList<string>? Genuine(Type declared)
    {
        var cache = Environment.GetEnvironmentVariable("NUGET_PACKAGES") ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget/packages");
        var assemblies =
            from package in Directory.Exists(cache) ? Directory.EnumerateDirectories(cache, $"{Prefix}*") : []
            from version in Directory.EnumerateDirectories(package)
            where Directory.Exists(Path.Combine(version, "lib"))
            orderby Version.TryParse(Path.GetFileName(version), out var number) ? number : new Version(0, 0) descending
            from file in Directory.EnumerateFiles(Path.Combine(version, "lib"), "*.dll", SearchOption.AllDirectories)
            select file;
        return assemblies.Select(file => Find(file, declared)).FirstOrDefault(found => found is not null);
    }

    private static IReadOnlyList<string>? Find(string file, Type declared)
    {
        using var image = new PEReader(File.OpenRead(file));
        var reader = image.GetMetadataReader();
        var handle = reader.TypeDefinitions.FirstOrDefault(handle =>
            reader.GetTypeDefinition(handle) is var each && reader.GetString(each.Name) == declared.Name && reader.GetString(each.Namespace) == declared.Namespace);
        if (handle.IsNil)
        {
            return null;
        }

        var type = reader.GetTypeDefinition(handle);
        return declared.IsEnum ? [.. type.GetFields().Select(reader.GetFieldDefinition).Where(field => !field.GetDefaultValue().IsNil).Select(field => $"{reader.GetString(field.Name)} = {Value(reader, field)}")]
            : [.. type.GetMethods().Select(reader.GetMethodDefinition).Where(method => method.Attributes.HasFlag(MethodAttributes.Public)).Select(method => Describe(reader, method))];
    }

    private static string Describe(MetadataReader reader, MethodDefinition method)
    {
        // Number 0 stands for what is returned.
        var parameters = method.GetParameters().Select(reader.GetParameter).Where(parameter => parameter.SequenceNumber > 0).OrderBy(parameter => parameter.SequenceNumber);
        return $"{reader.GetString(method.Name)}({string.Join(", ", parameters.Select(parameter => reader.GetString(parameter.Name)))})";
    }

    private static int Value(MetadataReader reader, FieldDefinition field) => reader.GetBlobReader(reader.GetConstant(field.GetDefaultValue()).Value).ReadInt32();
}

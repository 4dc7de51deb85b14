using System.Reflection;
using NetArchTest.Rules;
using Tidepool.Testing;

namespace Tidepool.Architecture.Tests;

public sealed class VisibilityTests
{
    public static TheoryData<string> Adapters => ["Tidepool.Db", "Tidepool.Queue", "Tidepool.Runtime", "Tidepool.Caddy"];

    [Theory]
    [MemberData(nameof(Adapters))]
    public void An_adapter_shows_only_its_registration_and_its_options(string assembly)
    {
        var shown = Types.InAssembly(Assembly.Load(assembly)).That().ArePublic().GetTypes()
            .Where(type => !type.Name.EndsWith("Registration", StringComparison.Ordinal) && !type.Name.EndsWith("Options", StringComparison.Ordinal))
            .Select(type => type.FullName)
            .ToList();
        Assert.True(shown.Count == 0, $"{assembly} shows {string.Join(", ", shown)}.");
    }

    [Theory]
    [MemberData(nameof(Adapters))]
    public void What_an_adapter_keeps_to_itself_is_sealed(string assembly)
    {
        var open = Types.InAssembly(Assembly.Load(assembly)).That().AreNotPublic().And().AreClasses().And().AreNotAbstract().And().AreNotSealed().GetTypes()
            .Where(type => !type.Name.Contains('<', StringComparison.Ordinal) && type.GetCustomAttribute<System.Runtime.CompilerServices.CompilerGeneratedAttribute>() is null)
            .Select(type => type.FullName)
            .ToList();
        Assert.True(open.Count == 0, $"{assembly} leaves open {string.Join(", ", open)}.");
    }

    [Fact]
    public void The_core_knows_no_http_no_database_and_no_host() =>
        Assert.True(Types.InAssembly(Assembly.Load("Tidepool.Core")).ShouldNot()
            .HaveDependencyOnAny("Microsoft.AspNetCore", "Microsoft.EntityFrameworkCore", "Microsoft.Extensions.Hosting", "System.Net.Http").GetResult().IsSuccessful);

    [Fact]
    public void Folders_are_named_after_concepts()
    {
        string[] refused = ["Services", "Helpers", "Utils", "Common", "Managers", "Shared", "Misc"];
        var found = new[] { "src", "tests" }.SelectMany(root => Directory.EnumerateDirectories(Repository.At(root), "*", SearchOption.AllDirectories))
            .Where(path => refused.Contains(Path.GetFileName(path), StringComparer.OrdinalIgnoreCase));
        Assert.Empty(found);
    }
}

using System.Reflection;
using Tidepool.Contracts;
using Tidepool.Server.Problems;

namespace Tidepool.Server.Tests;

public sealed class ProblemPageTests
{
    public static TheoryData<string> Codes =>
        [.. typeof(ProblemCodes).GetFields(BindingFlags.Public | BindingFlags.Static).Select(code => (string)code.GetRawConstantValue()!)];

    [Theory]
    [MemberData(nameof(Codes))]
    public void The_type_of_every_problem_leads_to_its_place_on_the_page(string code)
    {
        Assert.Equal($"/api/docs/problems#{code}", ProblemPage.TypeOf(code));
        Assert.Contains($"<h2 id=\"{code}\">", ProblemPage.Html(), StringComparison.Ordinal);
    }
}

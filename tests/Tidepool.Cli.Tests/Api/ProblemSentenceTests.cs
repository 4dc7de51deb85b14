using Tidepool.Cli.Api;
using Tidepool.Contracts;

namespace Tidepool.Cli.Tests.Api;

public sealed class ProblemSentenceTests
{
    [Fact]
    public void Each_fault_of_a_request_is_shown_once_with_its_field() => Assert.Equal(
        "name: A name has 3 to 63 characters.\ncpus: 1 to 64 cores.",
        Sentence("A name has 3 to 63 characters. 1 to 64 cores.", ("name", ["A name has 3 to 63 characters."]), ("cpus", ["1 to 64 cores."])));

    [Fact]
    public void What_the_detail_says_besides_is_shown_first() => Assert.Equal(
        "The request is not valid.\nname: A name has 3 to 63 characters.",
        Sentence("The request is not valid.", ("name", ["A name has 3 to 63 characters."])));

    [Fact]
    public void A_fault_that_the_detail_names_among_other_things_is_not_repeated() => Assert.Equal(
        "Nothing was made: 1 to 64 cores.\nname: A name has 3 to 63 characters.",
        Sentence("Nothing was made: 1 to 64 cores.", ("cpus", ["1 to 64 cores.", ""]), ("name", ["A name has 3 to 63 characters."])));

    [Fact]
    public void Without_faults_the_detail_or_what_there_is_instead_is_shown()
    {
        Assert.Equal("It is taken.", Sentence("It is taken."));
        Assert.Equal("Not valid.", LocalApi.Sentence(new ProblemResponse(null, "Not valid.", 400, null, null, null)));
        Assert.Equal("The server answered 418.", LocalApi.Sentence(new ProblemResponse(null, null, 418, null, null, null)));
        Assert.Equal("The server gave no answer.", LocalApi.Sentence(null));
    }

    private static string Sentence(string detail, params (string Field, string[] Messages)[] errors) =>
        LocalApi.Sentence(new ProblemResponse(null, "The request is not valid.", 400, detail, ProblemCodes.Validation, errors.ToDictionary(e => e.Field, e => e.Messages)));
}

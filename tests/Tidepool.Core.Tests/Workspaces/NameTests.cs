using CsCheck;
using Tidepool.Core.Workspaces;

namespace Tidepool.Core.Tests.Workspaces;

public sealed class NameTests
{
    [Theory]
    [InlineData("abc")]
    [InlineData("a-b")]
    [InlineData("0-9")]
    [InlineData("quiet-harbor-2")]
    [InlineData("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    public void A_label_of_3_to_63_characters_is_a_name(string text) => Assert.True(WorkspaceName.TryParse(text, out _));

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("ab")]
    [InlineData("-ab")]
    [InlineData("ab-")]
    [InlineData("Abc")]
    [InlineData("a_b")]
    [InlineData("a.b")]
    [InlineData("a/b")]
    [InlineData("abc\n")]
    [InlineData("äbc")]
    [InlineData("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    public void Anything_else_is_not(string? text) => Assert.False(WorkspaceName.TryParse(text, out _));

    [Fact]
    public void No_id_is_a_name_and_no_name_is_an_id() =>
        Gen.Guid.Sample(value =>
        {
            var text = new WorkspaceId(value).ToString();
            return !WorkspaceName.TryParse(text, out _) && WorkspaceId.TryParse(text, out var back) && back.Value == value;
        });

    [Fact]
    public void An_instance_name_leads_back_to_its_workspace() =>
        Gen.Guid.Sample(value =>
            InstanceName.TryParse(InstanceName.Of(new WorkspaceId(value)).ToString(), out var back) && back.Workspace.Value == value);

    [Theory]
    [InlineData("ws-")]
    [InlineData("ws-1234")]
    [InlineData("somebody-elses")]
    [InlineData("ws-zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz")]
    public void A_foreign_instance_is_never_taken_for_ours(string text) => Assert.False(InstanceName.TryParse(text, out _));
}

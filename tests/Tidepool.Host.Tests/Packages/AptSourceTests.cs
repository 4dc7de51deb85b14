using Tidepool.Host.Packages;

namespace Tidepool.Host.Tests.Packages;

public sealed class AptSourceTests
{
    [Fact]
    public void A_line_is_read_with_its_options_and_without_its_comment()
    {
        var source = Assert.Single(AptSource.ParseList("""
            # deb http://commented.example/debian bookworm main
            deb [arch=amd64 signed-by=/usr/share/keyrings/some.gpg] http://mirror.example/debian bookworm main contrib # the usual
            """));

        Assert.Equal(["deb"], source.Types);
        Assert.Equal(["http://mirror.example/debian"], source.Uris);
        Assert.Equal(["bookworm"], source.Suites);
        Assert.Equal(["main", "contrib"], source.Components);
        Assert.Equal("/usr/share/keyrings/some.gpg", source.SignedBy);
    }

    [Fact]
    public void Stanzas_are_read_with_several_values_and_a_key_that_stands_in_the_file()
    {
        var sources = AptSource.ParseStanzas("""
            # Debian itself
            Types: deb deb-src
            URIs: http://mirror.example/debian
            Suites: bookworm bookworm-updates
            Components: main
            Signed-By:
             -----BEGIN PGP PUBLIC KEY BLOCK-----
             .
             abc

            Types: deb
            URIs: http://mirror.example/debian-security
            Suites: bookworm-security
            Components: main
            """).ToList();

        Assert.Equal(2, sources.Count);
        Assert.Equal(["bookworm", "bookworm-updates"], sources[0].Suites);
        Assert.Contains("abc", sources[0].SignedBy, StringComparison.Ordinal);
        Assert.Null(sources[1].SignedBy);
    }

    [Fact]
    public void A_stanza_that_is_switched_off_is_not_there() =>
        Assert.Empty(AptSource.ParseStanzas("Enabled: no\nTypes: deb\nURIs: http://mirror.example/debian\nSuites: bookworm\nComponents: main\n"));

    [Fact]
    public void Only_files_that_apt_itself_reads_are_read()
    {
        var directory = Directory.CreateTempSubdirectory("tp-apt-").FullName;
        try
        {
            var parts = Directory.CreateDirectory(Path.Combine(directory, "sources.list.d")).FullName;
            File.WriteAllText(Path.Combine(directory, "sources.list"), "deb http://one.example/debian bookworm main\n");
            File.WriteAllText(Path.Combine(parts, "two.sources"), "Types: deb\nURIs: http://two.example/debian\nSuites: bookworm\nComponents: main\n");
            File.WriteAllText(Path.Combine(parts, "three.list.disabled"), "deb http://three.example/debian bookworm main\n");

            Assert.Equal(["http://one.example/debian", "http://two.example/debian"], AptSource.ReadAll(directory).Select(s => s.Uris[0]));
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Fact]
    public void The_mirror_is_the_one_that_has_the_release_itself()
    {
        var sources = AptSource.ParseList("""
            deb http://tools.example/apt stable main
            deb http://mirror.example/debian-security bookworm-security main
            deb-src http://sources.example/debian bookworm main
            deb http://mirror.example/debian bookworm main
            """).ToList();

        Assert.Equal("http://mirror.example/debian", DebianMirror.InSources(sources, "bookworm"));
        Assert.Null(DebianMirror.InSources(sources, "trixie"));
    }

    [Theory]
    [InlineData("    my $mirror    = 'http://mirror.example/debian';\n", "http://mirror.example/debian")]
    [InlineData("DEF_MIRROR=\"https://mirror.example/debian\"\n", "https://mirror.example/debian")]
    [InlineData("# http://bugs.example/123\n", null)]
    public void Without_Debian_sources_the_bootstrap_tool_knows_a_mirror(string tool, string? mirror) => Assert.Equal(mirror, DebianMirror.InTool(tool));

    [Fact]
    public void The_release_is_taken_from_the_machine_and_its_backports_from_the_same_mirror()
    {
        var machine = AptSource.ParseStanzas("Types: deb\nURIs: http://mirror.example/debian\nSuites: bookworm bookworm-updates\nComponents: main\nSigned-By: /k.gpg\n").ToList();
        Assert.Equal(
            """
            Types: deb
            URIs: http://mirror.example/debian
            Suites: bookworm bookworm-updates
            Components: main
            Signed-By: /k.gpg

            Types: deb
            URIs: http://mirror.example/debian
            Suites: bookworm-backports
            Components: main
            Signed-By: /k.gpg


            """,
            SourcesFile.ForRelease(machine, "http://mirror.example/debian", "bookworm"));
    }

    [Fact]
    public void A_machine_that_has_backports_already_gets_no_second_entry() =>
        Assert.Single(AptSource.ParseStanzas(SourcesFile.ForRelease(
            [new AptSource(["deb"], ["http://mirror.example/debian"], ["trixie", "trixie-backports"], ["main"], "/k.gpg")], "http://mirror.example/debian", "trixie")));

    [Fact]
    public void Offers_are_read_with_their_suites() =>
        Assert.Equal(
            [("6.0.4-2+deb13u7~bpo12+1", "bookworm-backports"), ("5.0-1", "bookworm")],
            Apt.ParseOffers(" incus | 6.0.4-2+deb13u7~bpo12+1 | http://mirror.example/debian bookworm-backports/main amd64 Packages\n incus | 5.0-1 | http://mirror.example/debian bookworm/main amd64 Packages\n incus | 5.0-1 | http://mirror.example/debian bookworm/main Sources\n"));
}

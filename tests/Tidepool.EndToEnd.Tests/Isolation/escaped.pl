# Tries to connect to what it is given, as a guest that has taken over its QEMU would: NAME, KIND and PLACE of each, PLACE being
# ADDRESS PORT, a path, or @NAME of an abstract socket. Prints the name of each that was reached. Perl, for it is on every Debian.
use strict;
use warnings;
use Socket qw(:all);

$| = 1;
while (my ($name, $kind, $place) = splice @ARGV, 0, 3) {
  my ($family, $address);
  if ($kind eq 'unix') {
    $place =~ s/^@/\0/;
    ($family, $address) = (AF_UNIX, pack_sockaddr_un($place));
  } else {
    my ($host, $port) = split / /, $place;
    ($family, $address) = $kind eq 'tcp6'
      ? (AF_INET6, pack_sockaddr_in6($port, inet_pton(AF_INET6, $host)))
      : (AF_INET, pack_sockaddr_in($port, inet_pton(AF_INET, $host)));
  }
  socket(my $socket, $family, SOCK_STREAM, 0) or next;
  local $SIG{ALRM} = sub { die "too late\n" };
  eval {
    alarm 3;
    print "$name\n" if connect($socket, $address);
  };
  alarm 0;
}

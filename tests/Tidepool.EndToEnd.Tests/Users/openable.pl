# Says of each path on its input what the user that runs this can do with it: one line each, the path and then read, write, connect.
use strict;
use warnings;
use Fcntl;
use Socket;

while (my $path = <STDIN>) {
    chomp $path;
    my @can;
    if (-d $path) {
        push @can, 'read' if opendir(my $directory, $path);
        my $probe = "$path/.probe-$$";
        if (sysopen(my $file, $probe, O_WRONLY | O_CREAT | O_EXCL)) {
            push @can, 'write';
            unlink $probe;
        }
    } elsif (-S $path) {
        for my $type (SOCK_STREAM, SOCK_DGRAM) {
            socket(my $socket, PF_UNIX, $type, 0) or die;
            if (connect($socket, pack_sockaddr_un($path))) {
                push @can, 'connect';
                last;
            }
        }
    } else {
        push @can, 'read' if sysopen(my $file, $path, O_RDONLY | O_NONBLOCK);
        push @can, 'write' if sysopen(my $file, $path, O_WRONLY | O_NONBLOCK);
    }
    print "$path\t", (join(', ', @can) || 'nothing'), "\n";
}

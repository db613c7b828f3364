# Orders pairs of versions by version->parse.
use strict;
use warnings;
use version;
local $SIG{__WARN__} = sub { die @_ };
while (my $line = <STDIN>) {
    chomp $line;
    my ($a, $b) = split /\t/, $line, -1;
    my $order = eval {
        die if $a eq '' || $b eq '' || grep { !version::is_lax($_) } $a, $b;
        version->parse($a) <=> version->parse($b);
    };
    print defined $order ? ('<', '=', '>')[$order + 1] : '?', "\n";
}

package TAP::Formatter::Counting;

# prove's usual report, and the counts of tests (not files) into the file named by COUNTS, for the last line of
# `make test`.  A program that ends badly without a failed test of its own counts as one failure.
use strict;
use warnings;
use TAP::Formatter::Console;
use TAP::Formatter::File;

# As prove chooses itself: progress on a terminal only.
our @ISA = (-t STDOUT ? 'TAP::Formatter::Console' : 'TAP::Formatter::File');

sub summary {
    my ($self, $aggregate, $interrupted) = @_;
    $self->SUPER::summary($aggregate, $interrupted);
    my ($passed, $failed) = (scalar $aggregate->passed, scalar $aggregate->failed);
    my $skipped = scalar $aggregate->skipped;
    for my $parser ($aggregate->parsers) {
        my $bad = $parser->exit || $parser->wait || $parser->parse_errors;
        $failed++ if $bad && !$parser->failed;
        $skipped++ if $parser->skip_all && !$bad;
    }
    $failed++ if $interrupted;
    open my $out, '>', $ENV{COUNTS} or die "cannot write $ENV{COUNTS}: $!";
    print {$out} $passed - scalar($aggregate->skipped), " $failed $skipped\n";
    close $out or die "cannot write $ENV{COUNTS}: $!";
}

1;

package TAP::Formatter::Counting;

# prove's usual report, then the names of what failed with what the test said about it, and the counts of tests (not files) into the file named by COUNTS, for the last line of
# `make test`.  A program that ends badly without a failed test of its own counts as one failure.
use strict;
use warnings;
use TAP::Formatter::Console;
use TAP::Formatter::File;

# As prove chooses itself: progress on a terminal only.
our @ISA = (-t STDOUT ? 'TAP::Formatter::Console' : 'TAP::Formatter::File');

use constant LINES_MAX => 30; # of what is said about one failure

# Keeps each failed test's line, and the remarks that follow it.
sub open_test {
    my ($self, $test, $parser) = @_;
    my $room = 0;
    $parser->callback(test => sub {
        my $result = shift;
        $room = $result->is_ok ? 0 : LINES_MAX;
        push @{ $self->{failures}{$test} }, $result->raw unless $result->is_ok;
    });
    $parser->callback(comment => sub {
        push @{ $self->{failures}{$test} }, shift->raw if $room-- > 0;
    });
    return $self->SUPER::open_test($test, $parser);
}

sub summary {
    my ($self, $aggregate, $interrupted) = @_;
    $self->SUPER::summary($aggregate, $interrupted);
    for my $test (sort keys %{ $self->{failures} }) {
        print "\n$test (alone: B=$ENV{B} scripts/run_test.sh $test)\n";
        print "  $_\n" for @{ $self->{failures}{$test} };
    }
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

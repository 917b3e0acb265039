#!/usr/bin/perl
# request_tracker.pl - Request Tracker 5: a ticket with a due date for each finding, by its Perl API in PROCESSES processes.
#
#   request_tracker.pl FINDINGS PROCESSES COUNT MSEC
#
# FINDINGS: a file with a finding in JSON on each line.  Prints: findings a second, p50, p99 and largest time of a ticket in
# microseconds, findings.  RT_SITE_CONFIG says where the database is.  Called by bench/peers.sh only.
use strict;
use warnings;
use JSON;
use Time::HiRes qw(clock_gettime CLOCK_MONOTONIC);
use MIME::Entity;
use RT;
RT::LoadConfig();
RT::InitClasses();
require RT::Date;

use constant DAY_SECONDS => 86400;
my ($path, $processes, $count, $msec) = @ARGV;
open my $file, '<', $path or die "$path: $!";
my @findings;
while (@findings < $count && defined(my $line = <$file>)) { push @findings, decode_json($line) }

sub create {
    my ($finding) = @_;
    my $due = RT::Date->new(RT->SystemUser);
    $due->Set(Format => 'unix', Value => time + 15 * DAY_SECONDS);
    my $ticket = RT::Ticket->new(RT->SystemUser);
    my ($id, undef, $error) = $ticket->Create(
        Queue => 'General', Subject => "$finding->{code} at $finding->{unit}", Due => $due->ISO,
        MIMEObj => MIME::Entity->build(Type => 'text/plain', Charset => 'UTF-8', Data => [Encode::encode('UTF-8', $finding->{text})]));
    die "no ticket: $error\n" unless $id;
}

# The part of process NUMBER; its latencies go to the pipe, one a line.
sub work {
    my ($number, $out) = @_;
    RT::Init();
    create($findings[$number]);    # warm
    print $out "ready\n";
    $out->flush;
    <STDIN>;
    my $end = clock_gettime(CLOCK_MONOTONIC) + $msec / 1000;
    for (my $i = $number; $i < @findings && (my $begun = clock_gettime(CLOCK_MONOTONIC)) < $end; $i += $processes) {
        create($findings[$i]);
        printf $out "%.0f\n", (clock_gettime(CLOCK_MONOTONIC) - $begun) * 1e6;
    }
    close $out;
    exit 0;
}

my (@outs, @gates);
for my $number (0 .. $processes - 1) {
    pipe my $out, my $in or die $!;
    pipe my $gate, my $open or die $!;
    if (!fork) {
        close $_ for $out, $open, @gates;
        open STDIN, '<&', $gate or die $!;
        work($number, $in);
    }
    close $in;
    close $gate;
    push @outs, $out;
    push @gates, $open;
}
readline $_ for @outs;    # all are ready
my $start = clock_gettime(CLOCK_MONOTONIC);
close $_ for @gates;
my @latencies = sort { $a <=> $b } map { my $out = $_; map { 0 + $_ } <$out> } @outs;
my $elapsed = clock_gettime(CLOCK_MONOTONIC) - $start;
wait for 1 .. $processes;
die "no ticket was made\n" unless @latencies;
my ($p50, $p99) = map { $latencies[int((@latencies * $_ + 99) / 100) - 1] } 50, 99;    # by nearest rank
printf "%.1f %d %d %d %d\n", @latencies / $elapsed, $p50, $p99, $latencies[-1], scalar @latencies;

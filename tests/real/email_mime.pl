# A message on stdin, read by Perl's Email::MIME, as JSON: subject, to, and each leaf's type, name and digest.
use strict;
use warnings;
use Digest::SHA qw(sha256_hex);
use Email::MIME;
use JSON::PP;

sub leaves { my $part = shift; return $part->subparts ? map { leaves($_) } $part->subparts : $part }

binmode STDIN;
local $/;
my $mail = Email::MIME->new(scalar <STDIN>);
my @parts = map { { type => (split /;/, $_->content_type)[0], name => $_->filename, digest => sha256_hex($_->body) } }
    leaves($mail);
print encode_json({ subject => $mail->header_str("Subject"), to => $mail->header_str("To"), parts => \@parts });

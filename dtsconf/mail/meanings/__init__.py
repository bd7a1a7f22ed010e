"""What servers' replies mean: a table, a row a pattern, with cause, next step and source. Data only (`table`);
`causes` reads it.

The code comes first, then the text among the meanings that this code has:

    microsoft, google, providers, servers   products' own words for a code
    texts                                   what a code without one meaning says in words (relay denied, greylisted)
    standard                                what the RFCs give a code; at the end, what its class means
    otherwise                               hints that give way where the conversation knows more

Rows are tried in that order, except that a code which has but one meaning (`standard.TELLING`) is not overruled by
words, and a few words (`texts.FIRST`) by no product's code. The first that fits counts, and every reply of 4yz or 5yz
fits the last row at least.
"""

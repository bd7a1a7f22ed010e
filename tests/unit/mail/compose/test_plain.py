from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from dtsconf.mail.compose.plain import from_html


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("", ""),
        ("<p></p>", ""),
        ("just words", "just words\n"),
        ("<p>one</p><p>two</p>", "one\n\ntwo\n"),
        ("<div>one</div><div>two</div>", "one\ntwo\n"),
        ("one<br>two<br/>three", "one\ntwo\nthree\n"),
        ("a <b>bold</b>  word,\n<i>yes</i>", "a bold word, yes\n"),
        ("<b>no</b>blank", "noblank\n"),
        ("&lt;x&gt; &amp; &euro;&#252;", "<x> & €ü\n"),
        ("<title>t</title><style>p {}</style><script>x()</script><p>seen</p>", "seen\n"),
        ("<h1>Head</h1>text", "Head\n\ntext\n"),
        ("<ul><li>a</li><li>b</li></ul>", "- a\n- b\n"),
        ("<ol><li>a<ul><li>in</li></ul></li><li>b</li></ol>", "1. a\n  - in\n2. b\n"),
        ("<table><tr><th>k</th><th>v</th></tr><tr><td>1</td><td>2</td></tr></table>", "k v\n1 2\n"),
        ("<pre>  a\n   b</pre>", "  a\n   b\n"),
        ('<a href="https://x.example/r">report</a>.', "report <https://x.example/r>.\n"),
        ('<a href="https://x.example">https://x.example</a>', "https://x.example\n"),
        ('<a href="mailto:a@x.example">a@x.example</a>', "a@x.example\n"),
        ('<a href="#top">up</a>', "up\n"),
        ('see <img src="x.png" alt="the plot"> here', "see the plot here\n"),
        ('<img src="x.png">', ""),
        ("a<hr>b", "a\n----\nb\n"),
        ("<p>never closed<p>twice", "never closed\n\ntwice\n"),
        ("</p></ul></a>words", "words\n"),
        ("<p>a</p><!-- no <b>--><p>b</p>c <!-- never closed", "a\n\nb\n\nc\n"),
        ("<p>a</p>less <than &amp; more", "a\n\nless <than & more\n"),
        ('<a href="http://x">a<a href="http://y">b</a>', "a <http://x>b <http://y>\n"),
    ],
)
def test_what_a_reader_without_html_sees(html: str, text: str) -> None:
    assert from_html(html) == text


@given(st.text(st.sampled_from('<>/&;"= \nabhlipreoutd') | st.characters(), max_size=200))
def test_anything_can_be_read(html: str) -> None:
    assert isinstance(from_html(html), str)


@pytest.mark.parametrize("piece", ["<!--", "<a href='", "<![CDATA[", "</a"])
def test_what_never_ends_does_not_take_forever(piece: str) -> None:
    assert len(from_html(piece * 100_000)) <= len(piece) * 100_000 + 1


def test_lists_in_lists_do_not_move_to_the_right_for_ever() -> None:
    assert max(map(len, from_html("<ul><li>x" * 2_000).splitlines())) < 30

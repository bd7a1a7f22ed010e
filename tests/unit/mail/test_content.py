from __future__ import annotations

from collections.abc import Iterator

from hypothesis import given, strategies as st

from dtsconf.mail.content import BLOCK, END, on_the_wire

PIECES = st.sampled_from([b".", b"\r", b"\n", b"\r\n", b"x", b"\0", b"\r\n.\r\n", b""])


class Given:
    """Content in the pieces that a test wants."""

    message_id = "<1@acme.example>"
    size = 0
    eight_bit = False

    def __init__(self, pieces: list[bytes]) -> None:
        self.pieces = pieces

    def chunks(self) -> Iterator[bytes]:
        yield from self.pieces


@given(st.lists(PIECES | st.binary(max_size=20), max_size=40))
def test_no_end_of_data_stands_in_a_message_wherever_its_pieces_end(pieces: list[bytes]) -> None:
    wired = b"".join(on_the_wire(Given(pieces)))
    lines = wired.split(b"\r\n")
    assert lines.pop() == b""
    assert lines.pop() == b"."
    assert b"." not in lines
    assert not any(b"\r" in line or b"\n" in line for line in lines)
    wanted = b"".join(pieces).replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    wanted = wanted[:-1] if wanted[-1] == b"" else wanted
    assert [line[1:] if line.startswith(b".") else line for line in lines] == wanted


def test_a_large_message_goes_out_in_blocks() -> None:
    blocks = list(on_the_wire(Given([b"0123456789\r\n" * 1000] * 100)))
    assert len(blocks) > 3
    assert all(len(block) < 2 * BLOCK for block in blocks)
    assert sum(map(len, blocks)) == 12 * 1000 * 100 + len(END)

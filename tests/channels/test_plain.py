"""Text from bytes that anybody may send."""

import pytest

from custagent.channels.plain import plain_text


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("  hello\t there \n", "hello\t there"),
        ("one\r\ntwo\rthree\nfour", "one\ntwo\nthree\nfour"),
        ("a\x00b\x1b[31mc\x7f", "ab[31mc"),
        ("half \ud83d of it", "half \N{REPLACEMENT CHARACTER} of it"),
        ("😀 Grüße", "😀 Grüße"),
        ("\x00\x07 ", ""),
    ],
)
def test_what_is_kept(sent, kept):
    assert plain_text(sent) == kept
    assert plain_text(kept) == kept
    kept.encode("utf-8")

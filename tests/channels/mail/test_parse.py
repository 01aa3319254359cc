"""What is read of mails: their text, files, people, ids and times, in whatever form programs send them."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from pathlib import Path

import pytest

from custagent.channels.mail.model import Address, Mail
from custagent.channels.mail.parse import read
from custagent.channels.mail.parts import FileLimits, safe_name, unflowed
from custagent.channels.mail.subject import bare, of_reply

PAYLOADS = Path(__file__).resolve().parents[2] / "payloads" / "mail"


def payload(name: str) -> Mail:
    return read((PAYLOADS / f"{name}.eml").read_bytes())


def mail(body: bytes = b"Hello", **fields: str) -> Mail:
    """A mail with these fields, their names in Python's spelling."""
    told = {"from": "Anna <anna@berg.example>"} | {name.replace("_", "-"): value for name, value in fields.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in told.items())
    return read(head.encode("utf-8", "surrogateescape") + b"\r\n" + body)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("reply_gmail", "Thanks – when will it arrive?"),
        ("reply_outlook_html", "Danke, passt für mich.\n\nWie lange habe ich Zeit?"),
        ("photo_iphone", "It came like this."),
        ("page_with_logo", "Is this invoice (https://northwind.example/invoice/7) paid?\n\nAnna Berg"),
        ("forwarded_as_file", "Is this mail really from you?"),
        ("invitation", "Repair of the lamp, 2026-05-06 14:00, Main street 1, Hamburg\n\nPlease ring twice.\nThank you"),
        ("signed_pgp_inline", "Please send it to:\n- Main street 1"),
    ],
)
def test_own_words_are_read(name: str, says: str) -> None:
    assert payload(name).text == says


def test_people_get_all_of_the_text() -> None:
    full = payload("reply_outlook_html").full_text
    assert "Wie lange habe ich Zeit?" in full
    assert "> Sie können alles zurückgeben." in full
    forwarded = payload("forwarded_as_file").full_text
    assert "From: Northwind <parcel@n0rthwind.example>" in forwarded
    assert "Pay 2 euros" in forwarded


def test_who_wrote_to_whom_and_when() -> None:
    found = payload("reply_outlook_html")
    assert found.sender == Address(address="joerg@mueller.example", name="Jörg Müller")
    assert found.to == (Address(address="support@northwind.example"),)
    assert found.subject == "AW: Rückgabe"
    assert found.sent_at == datetime(2026, 5, 4, 8, 0, tzinfo=UTC)
    assert found.language == "de"
    assert found.key == "AM0PR01@eurprd01.example"


def test_ids_stand_without_brackets_oldest_first() -> None:
    found = payload("reply_gmail")
    ours = "zdpsa5ts742q4fghlhk3mtqraaa.5.6er525vb5f43h@northwind.example"
    assert found.message_id == "CAAnna=1@mail.berg.example"
    assert found.links == ("first@mail.berg.example", ours)


def test_a_mail_without_an_id_is_known_by_its_bytes() -> None:
    one, other = mail(b"one"), mail(b"other")
    assert one.key == mail(b"one").key == f"sha256-{one.body_hash}"
    assert one.key != other.key


@pytest.mark.parametrize(
    ("charset", "data", "says"),
    [
        ("iso-8859-1", "Grüße für 5 €".encode("cp1252"), "Grüße für 5 €"),
        ("utf-8", "Grüße".encode("cp1252"), "Grüße"),
        ("us-ascii", "Grüße".encode(), "Grüße"),
        ("unknown-8bit", "Grüße".encode("cp1252"), "Grüße"),
        ("cp99999", "Grüße".encode(), "Grüße"),
        ("x-mac-roman", "Grüße".encode("mac-roman"), "Grüße"),
        ("gb2312", "你好".encode("gb18030"), "你好"),
        ("iso-2022-jp", "こんにちは".encode("iso-2022-jp"), "こんにちは"),
        ("koi8-r", "Привет".encode("koi8-r"), "Привет"),
        ("unicode_escape", rb"C:\new", r"C:\new"),
        ("utf-8", b"\xef\xbb\xbfHello", "Hello"),
        ("utf-8", b"a\x81b", "a\N{REPLACEMENT CHARACTER}b"),
    ],
)
def test_text_is_read_as_it_was_written(charset: str, data: bytes, says: str) -> None:
    assert mail(data, content_type=f"text/plain; charset={charset}").text == says


@pytest.mark.parametrize(
    ("encoding", "data", "says"),
    [
        ("quoted-printable", b"caf=C3=A9 soft=\r\nly =zz", "café softly =zz"),
        ("base64", base64.b64encode("café".encode())[:-1], "café"),
        ("base64", b"Y2Fm!w6k*=\r\n", "café"),
        ("BASE64 ", base64.b64encode(b"Hello"), "Hello"),
        ("x-uuencode", b"begin 644 a\n%2&5L;&\\\n`\nend\n", "Hello"),
        ("nonsense", b"Hello", "Hello"),
    ],
)
def test_encoded_text_is_decoded_as_far_as_it_goes(encoding: str, data: bytes, says: str) -> None:
    assert mail(data, content_transfer_encoding=encoding, content_type="text/plain; charset=utf-8").text == says


def test_a_pages_own_charset_counts_where_the_mail_tells_none() -> None:
    page = '<meta http-equiv="content-type" content="text/html; charset=koi8-r"><p>Привет</p>'.encode("koi8-r")
    assert mail(page, content_type="text/html").text == "Привет"


def test_flowed_lines_are_joined() -> None:
    text = b"This is one \r\nline.\r\n-- \r\nAnna\r\n"
    assert mail(text, content_type="text/plain; format=flowed").full_text == "This is one line.\n-- \nAnna"
    assert unflowed("> a \n> b\n c \nd", joined=True) == "> ab\ncd"


@pytest.mark.parametrize(
    ("spelled", "subject"),
    [
        ("=?utf-8?B?w6TDtsM=?= =?utf-8?B?vA==?=", "äöü"),
        ("=?UTF-8?Q?caf=C3?=\r\n =?UTF-8?Q?=A9?= now", "café now"),
        ("=?iso-8859-1?Q?caf=E9_au_lait?=", "café au lait"),
        ("=?x-nonsense?Q?abc?=", "abc"),
        ("Grüße, raw", "Grüße, raw"),
        ("a\u202eb\u200b c\r\n  d", "ab c d"),
        ("=?utf-8?Q?a=0D=0ABcc=3A_x=40y?=", "a Bcc: x@y"),
        ("=?broken", "=?broken"),
    ],
)
def test_subjects_are_decoded_and_cannot_break_a_line(spelled: str, subject: str) -> None:
    assert mail(subject=spelled).subject == subject


@pytest.mark.parametrize("date", ["gestern", "", "Mon, 99 May 99999 10:00", "Thu, 1 Jan 1970 00:00:00 +0000"])
def test_dates_that_make_no_sense_are_none(date: str) -> None:
    assert mail(date=date).sent_at is None


@pytest.mark.parametrize(
    ("spelled", "found"),
    [
        ('"Berg, Anna" <a@x.example>, b@x.example', [("Berg, Anna", "a@x.example"), ("", "b@x.example")]),
        ("a@x.example (Anna)", [("Anna", "a@x.example")]),
        ("Team: a@x.example, b@x.example;", [("", "a@x.example"), ("", "b@x.example")]),
        ("undisclosed-recipients:;", []),
        ("<@relay.example:a@X.Example>", [("", "a@x.example")]),
        ("Anna <a@bücher.example>", [("Anna", "a@xn--bcher-kva.example")]),
        ('"unended <a@x.example>', [("unended", "a@x.example")]),
        ("=?utf-8?Q?J=C3=B6?= <j@x.example>", [("Jö", "j@x.example")]),
        ("nobody", []),
    ],
)
def test_addresses_are_found(spelled: str, found: list[tuple[str, str]]) -> None:
    assert [(one.name, one.address) for one in mail(cc=spelled).cc] == found


def test_a_mail_without_a_senders_address_is_read() -> None:
    assert mail(**{"from": "somebody"}).sender is None
    assert mail(**{"from": "somebody", "sender": "a@x.example"}).sender == Address(address="a@x.example")


def test_the_envelope_is_known_where_the_server_noted_it() -> None:
    assert mail().return_path is None
    assert mail(return_path="<>").return_path == ""
    assert mail(return_path="<a@x.example>").return_path == "a@x.example"
    found = mail(delivered_to="support+c1@n.example", x_original_to="help@n.example")
    assert found.delivered_to == ("support+c1@n.example", "help@n.example")


def test_files_are_taken_and_pictures_of_the_page_told_apart() -> None:
    logo, invoice = payload("page_with_logo").files
    assert (logo.name, logo.inline) == ("logo.png", True)
    assert (invoice.name, invoice.media_type, invoice.inline) == ("invoice_7.pdf", "application/pdf", False)
    assert invoice.content == b"%PDF-1.4"
    photo = payload("photo_iphone").files[0]
    assert (photo.name, photo.inline) == ("IMG_0042.jpeg", False)
    assert [file.name for file in payload("forwarded_as_file").files] == ["invoice.zip"]


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("../../etc/passwd", "passwd"), ("C:\\temp\\a.pdf", "a.pdf"), ("a<b>:c?.txt", "a_b__c_.txt"), ("con.txt", "_con.txt"),
        (". .", ""), ("x" * 300 + ".pdf", "x" * 116 + ".pdf"), ("u\u0308.txt", "ü.txt"), ("a/", "a"), ("...", ""),
    ],
)  # fmt: skip
def test_names_of_files_are_safe(given: str, name: str) -> None:
    assert safe_name(given) == name


@pytest.mark.parametrize(
    ("told", "name"),
    [
        ("attachment; filename*=utf-8''Gr%C3%BC%C3%9Fe.pdf", "Grüße.pdf"),
        ("attachment; filename*0*=iso-8859-1''Gr%FC; filename*1*=%DFe; filename*2=.pdf", "Grüße.pdf"),
        ('attachment; filename="=?utf-8?B?R3LDvMOfZS5wZGY=?="', "Grüße.pdf"),
        ('attachment; filename="Grüße.pdf"', "Grüße.pdf"),
        ('attachment; filename="a\\"b.pdf"', "a_b.pdf"),
        ("attachment; filename=a\u202egpj.exe", "agpj.exe"),
        ("attachment", "file.pdf"),
    ],
)  # fmt: skip
def test_names_of_files_are_decoded(told: str, name: str) -> None:
    found = mail(b"%PDF", content_type="application/pdf", content_disposition=told).files[0]
    assert found.name == name


def with_files(*sizes: int, limits: FileLimits) -> list[str]:
    parts = "".join(f"--m\nContent-Type: image/png\n\n{'x' * size}\n" for size in sizes)
    raw = f"From: a@b.example\nContent-Type: multipart/mixed; boundary=m\n\n{parts}--m--\n"
    files = read(raw.encode(), limits=limits).files
    assert [file.size for file in files] == list(sizes)
    assert all(bool(file.content) != bool(file.error) for file in files)
    return [file.error for file in files]


def test_too_large_too_many_and_too_much_are_left_out_and_told() -> None:
    assert with_files(10, 11, limits=FileLimits(size=10))[1] == "The file has 11 bytes; 10 are taken at most."
    assert [bool(error) for error in with_files(1, 1, 1, limits=FileLimits(count=2))] == [False, False, True]
    assert [bool(error) for error in with_files(6, 6, 3, limits=FileLimits(total=10))] == [False, True, False]


@pytest.mark.parametrize(
    ("fields", "body", "why"),
    [
        ({"content_type": "application/pkcs7-mime; smime-type=enveloped-data"}, b"x", "encrypted"),
        ({"content_type": "application/pkcs7-mime; smime-type=signed-data"}, b"x", "unreadable form"),
        ({"content_type": 'multipart/encrypted; boundary="e"'}, b"--e\n\nx\n--e--", "encrypted"),
        ({}, b"-----BEGIN PGP MESSAGE-----\n\nhQEMA\n-----END PGP MESSAGE-----", "encrypted"),
        ({"content_type": 'multipart/signed; boundary="s"'}, b"--s\n\nHello\n--s\nContent-Type: application/pgp-signature\n\nx\n--s--", ""),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_left_to_people(fields: dict[str, str], body: bytes, why: str) -> None:
    assert mail(body, **fields).for_people == why


def test_signatures_are_no_files() -> None:
    signed = b"--s\n\nHello\n--s\nContent-Type: application/pkcs7-signature; name=smime.p7s\n\nx\n--s--"
    found = mail(signed, content_type='multipart/signed; boundary="s"')
    assert (found.text, found.files) == ("Hello", ())


def test_winmail_dat_is_left_to_people_where_nothing_else_is_said() -> None:
    found = payload("winmail")
    assert (found.for_people, [file.name for file in found.files]) == ("unreadable form", ["winmail.dat"])
    beside = b"--m\n\nSee the contract.\n--m\nContent-Type: application/ms-tnef\n\nx\n--m--"
    assert mail(beside, content_type="multipart/mixed; boundary=m").for_people == ""


def test_a_plain_text_that_says_nothing_gives_way_to_the_page() -> None:
    long = "Where is my lamp? " * 20
    for plain, page in (("[cid:x]", "Where is my lamp?"), ("Please use a newer program.", long)):
        body = f"--a\n\n{plain}\n--a\nContent-Type: text/html\n\n<p>{page}</p>\n--a--"
        assert mail(body.encode(), content_type="multipart/alternative; boundary=a").text == page.strip()


def test_what_is_said_in_the_subject_alone_counts() -> None:
    assert mail(b"\n", subject="Where is my lamp?").text == "Where is my lamp?"
    assert mail(b"\n", subject="Re: Lamp").text == ""


def test_a_mail_that_the_standard_library_fails_at_is_kept_for_people() -> None:
    found = payload("parameters_twice")
    assert found.sender == Address(address="anna@berg.example", name="Anna Berg")
    assert "Where is my lamp?" in found.full_text
    assert found.for_people == "unreadable form"


@pytest.mark.parametrize(
    ("subject", "left"),
    [
        ("Re: AW: WG: Lamp", "Lamp"), ("SV: VS: Lamp", "Lamp"), ("Antw: RIF: Odp: Lamp", "Lamp"), ("TR : Lamp", "Lamp"),
        ("Re[2]: Lamp", "Lamp"), ("RE: Fwd: FW: Lamp", "Lamp"), ("Return: Lamp", "Return: Lamp"), ("回复：Lamp", "回复：Lamp"),
        ("Re:", ""), ("", ""), ("Area 51: Lamp", "Area 51: Lamp"),
    ],
)  # fmt: skip
def test_prefixes_are_taken_off_subjects(subject: str, left: str) -> None:
    assert bare(subject) == left
    assert of_reply(subject) == f"Re: {left}".strip()

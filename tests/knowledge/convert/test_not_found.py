"""Pages that say that there is no such page, in the words that sites use."""

from __future__ import annotations

import pytest

from custagent.core.document import Document, Section
from custagent.knowledge.convert.not_found import says_not_found


def page(title: str, text: str = "Go back to the start page.") -> Document:
    return Document(location="https://shop.example/x", title=title, language="en", sections=(Section(text=text),))


@pytest.mark.parametrize(
    "title",
    [
        "404",
        "Error 404",
        "Page not found",
        "404 - Page Not Found!",
        "404: This page could not be found.",
        "Oops! That page can’t be found.",
        "The page you were looking for doesn't exist",
        "Sorry, we couldn't find that page",
        "Sidan hittades inte",
        "404 – Sidan kunde inte hittas",
        "Seite nicht gefunden",
        "Fehler 404: Die angeforderte Seite wurde nicht gefunden",
        "Page introuvable",
        "Erreur 404 : cette page n’existe pas",
        "Página no encontrada",
        "Pagina non trovata",
        "Página não encontrada",
        "Pagina niet gevonden",
        "Siden blev ikke fundet",
        "Siden finnes ikke",
        "Sivua ei löytynyt",
        "Nie znaleziono strony",
    ],
)
def test_there_is_no_such_page(title) -> None:
    assert says_not_found(page(title))


@pytest.mark.parametrize(
    "title",
    [
        "Returns",
        "My order was not found",
        "What to do when a page is not found",
        "Error 403",
        "Sorry",
        "Peugeot 404 spare parts",
        "Page found",
        "Error",
        "…",
    ],
)
def test_that_is_about_something(title) -> None:
    assert not says_not_found(page(title))


def test_a_help_page_about_the_error_is_a_page() -> None:
    assert not says_not_found(page("Error 404: page not found", "Your shop shows this error when a link is old. " * 20))

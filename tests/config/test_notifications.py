"""Webhooks in custagent.yaml: what they may say, and what must fit together."""

from __future__ import annotations

import pytest

HEAD = "name: Northwind\n"


def rules(check, write, text: str) -> list[str]:
    write("custagent.yaml", HEAD + text)
    return [finding.rule for finding in check().findings if finding.severity.value == "error"]


def webhooks(*urls: str, more: str = "") -> str:
    items = "".join(f"    - {{url: '{url}', secret: '${{HOOK}}'{more}}}\n" for url in urls)
    return f"notifications:\n  webhooks:\n{items}"


def test_one_that_is_right(check, write) -> None:
    assert rules(check, write, webhooks("https://hooks.example.com/x?y=z", more=", events: [handoff, credits]")) == []


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (webhooks("http://hooks.example.com/"), "webhook-not-encrypted"),
        (webhooks("https://a.example/x", "https://a.example/x"), "duplicate-webhook"),
    ],
)
def test_what_does_not_fit(check, write, text, rule) -> None:
    assert rules(check, write, text) == [rule]


@pytest.mark.parametrize("entry", ["hooks.example.com", "'hooks.example.com:8080'"])
def test_a_host_of_ones_own_may_be_told_without_encryption(check, write, entry) -> None:
    text = webhooks("http://hooks.example.com:8080/") + f"fetch: {{allow_hosts: [{entry}]}}\n"
    assert rules(check, write, text) == []


@pytest.mark.parametrize(
    "text",
    [
        webhooks("ftp://hooks.example.com"),
        webhooks("https://hooks.example.com", more=", events: []"),
        webhooks("https://hooks.example.com", more=", events: [message]"),
        webhooks("https://hooks.example.com").replace("${HOOK}", "a-secret"),
        webhooks("https://hooks.example.com", more=", retries: 3"),
    ],
)
def test_what_cannot_be_meant(check, write, text) -> None:
    assert rules(check, write, text)

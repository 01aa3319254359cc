"""What visitors of a live chat are asked before their first message."""

from __future__ import annotations

from pydantic import Field, model_validator

from custagent.core.written import Name, Text, Written, fault

#: What the chat has words of its own for.
KNOWN = ("name", "email")


class AskedField(Written):
    """One field of the form."""

    name: Name = Field(description="name, email, or a name of your own, such as order-number.")
    label: Text | None = Field(
        default=None, max_length=80, description="The question as visitors read it; name and email have words of ours."
    )
    required: bool = Field(default=False, description="Whether visitors cannot begin without it.")

    @model_validator(mode="after")
    def _said(self) -> AskedField:
        if self.label is None and self.name not in KNOWN:
            raise fault(f"how is {self.name} asked for? Write its `label:`, such as Order number", "name")
        return self

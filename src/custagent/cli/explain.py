"""The command explain: why the agent replied what it replied."""

from __future__ import annotations

from typing import Annotated

import typer

from custagent.cli.opening import Json, open_app
from custagent.cli.render import print_json, say
from custagent.runtime.inbox.conversations import note_reading
from custagent.runtime.inbox.explain import explain_conversation, explain_message


def explain(
    ctx: typer.Context,
    message: Annotated[
        str,
        typer.Argument(
            metavar="MESSAGE",
            help="A message's number, or a conversation's id for all its replies.",
            show_default=False,
        ),
    ],
    json: Json = False,
) -> None:
    """Say why the agent replied what it replied.

    From what was kept with the reply: the words searched for, how sure it was and by which signals, the passages as they
    were then with what was quoted, even after the content has changed. The number of a contact's message explains the
    reply to it.

    Examples:
      custagent explain 42
      custagent explain k2Hq9vXwB4nT7mRz1LcYdA
      custagent explain 42 --json
    """
    app = open_app(ctx)
    number = message.removeprefix("#")
    if number.isascii() and number.isdigit():
        explanation = explain_message(app, int(number))
        note_reading(app, explanation.conversation)
        if json:
            print_json(explanation)
            return
        from custagent.cli.evidence import show_explanation

        show_explanation(explanation)
        return
    explanations = explain_conversation(app, message)
    note_reading(app, message)
    if json:
        print_json(explanations)
        return
    if not explanations:
        say("The agent has decided nothing in this conversation.")
        return
    from custagent.cli.evidence import show_replies

    show_replies(explanations)
    say("All about one of them: custagent explain NUMBER", style="dim")

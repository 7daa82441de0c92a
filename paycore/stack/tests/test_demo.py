"""The demo fails where the server does something else than it says beforehand."""

import contextlib
import io
from collections import defaultdict

import pytest
from rich.console import Console
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from paycore.settings.environment import new_webhook_secret
from paycore.stack.client import Answer, Caller, as_json
from paycore.stack.demo import chapters, conversions, deposits, story
from paycore.stack.demo.stage import Stage
from paycore.stack.processes import StackError
from paycore.stack.supervisor import Supervisor

BROKEN = Answer(500, {"code": "internal_error"}, {})
# It asks the worker and the books themselves; the other chapters only ask the server.
PROOF = chapters.books_are_proved


@pytest.fixture
def stack(tmp_path):
    return Supervisor(home=tmp_path, port=1, embedded=False, say=print)


@pytest.fixture
def stage(stack):
    somebody = Caller("127.0.0.1", 1, "somebody")
    return Stage(
        stack,
        Console(file=io.StringIO()),
        "the password",
        callers=defaultdict(lambda: somebody),
        accounts=defaultdict(lambda: "an account"),
        transfers=defaultdict(lambda: "a transfer"),
    )


@pytest.fixture
def server_answers(monkeypatch):
    """Give whoever asks, whatever they ask, always this answer."""
    return lambda answer: monkeypatch.setattr(Caller, "send", lambda *_, **__: answer)


@pytest.mark.parametrize("title", [t for t, c in story.CHAPTERS.items() if c != PROOF])
def test_each_step_of_a_chapter_fails_on_a_broken_server(
    title, stage, server_answers, settings
):
    settings.DEPOSIT_WEBHOOK_SECRETS = [new_webhook_secret()]
    server_answers(BROKEN)

    with contextlib.suppress(StackError):
        story.CHAPTERS[title](stage)

    assert stage.steps > 0
    assert stage.surprises == stage.steps


@pytest.mark.parametrize(
    ("got", "code", "verdict"),
    [
        ("200", 0, "All 1 steps went as expected, and the books are right."),
        ("500", 1, "1 of 1 steps went differently than expected."),
    ],
)
def test_the_story_ends_as_its_steps_did(
    stack, monkeypatch, capsys, got, code, verdict
):
    def a_chapter(stage):
        stage.step(stage.anybody, "asks", "200", got)

    monkeypatch.setattr(story, "CHAPTERS", {"A chapter": a_chapter})

    assert story.tell(stack, password="") == code

    assert verdict in capsys.readouterr().out


def test_other_rates_than_the_seeded_are_told_in_a_sentence(stage, server_answers):
    other = {"base": "EUR", "quote": "USD", "rate": "1.1575", "source": "ecb"}
    server_answers(Answer(200, {"items": [other]}, {}))

    with pytest.raises(StackError, match="are not the seeded ones"):
        conversions.read_the_rate(stage)

    assert stage.surprises == 1


def test_messages_of_providers_are_signed(stage, monkeypatch, settings):
    ours, forged = new_webhook_secret(), new_webhook_secret()
    settings.DEPOSIT_WEBHOOK_SECRETS = [ours]
    sent = []
    monkeypatch.setattr(
        Caller, "send", lambda caller, *_, **__: sent.append(caller.credentials)
    )

    for more in ({}, {"secret": forged}, {"seconds_ago": 301}):
        deposits.tell(stage, {"reference": "card"}, **more)

    body, webhook = as_json({"reference": "card"}), Webhook(ours)
    signed, by_another, too_old = sent
    assert webhook.verify(body, signed) == {"reference": "card"}
    for headers in (by_another, too_old):
        with pytest.raises(WebhookVerificationError):
            webhook.verify(body, headers)

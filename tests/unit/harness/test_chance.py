from __future__ import annotations

from collections import Counter

import pytest

from assay.errors import InvalidError
from assay.harness.chance import Chance

CHOICES = "Pick.\n\nA) red\nB) green\nC) blue\n"
ONE = "'ANSWER: $LETTER' (without quotes) where LETTER is one of A,B,C,D."
SOME = "'ANSWER: $LETTERS' (without quotes) where LETTERS is one or more of A,B,C."


def answers(prompt: str, *, count: int = 2000, chance: Chance | None = None) -> Counter[str]:
    chance = chance or Chance()
    return Counter(chance.answer(prompt, seed=7) for _ in range(count))


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        (ONE, {f"ANSWER: {letter}" for letter in "ABCD"}),
        (CHOICES, {f"ANSWER: {letter}" for letter in "ABC"}),
        (SOME, {f"ANSWER: {some}" for some in ("A", "B", "C", "A,B", "A,C", "B,C", "A,B,C")}),
        ("Is it?", {"Yes", "No"}),
        ("B) only\nC) without an A", {"Yes", "No"}),
        ("A) one choice is no choice", {"Yes", "No"}),
    ],
)
def test_every_answer_is_as_likely_as_any_other(prompt: str, expected: set[str]) -> None:
    drawn = answers(prompt)
    assert set(drawn) == expected
    assert all(count == pytest.approx(2000 / len(expected), rel=0.3) for count in drawn.values())


def test_answers_depend_on_the_seed_and_not_on_the_order_of_questions() -> None:
    prompts = [f"Is {number} even?" for number in range(50)]
    there, back = Chance(), Chance()
    forwards = {prompt: there.answer(prompt, 1) for prompt in prompts}
    backwards = {prompt: back.answer(prompt, 1) for prompt in reversed(prompts)}
    assert forwards == backwards
    assert forwards != {prompt: Chance().answer(prompt, 2) for prompt in prompts}


def test_the_answers_may_be_given() -> None:
    assert set(answers("?", chance=Chance("red, green ,"))) == {"red", "green"}
    with pytest.raises(InvalidError, match="no answers"):
        Chance(" , ")

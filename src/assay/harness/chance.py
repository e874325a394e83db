"""`assay/chance`: the floor of a benchmark, measured by answering without reading the question.

What it looks at is only the answer format, never the question:

1. Where the prompt lists lettered choices the way Inspect's `multiple_choice` does, it answers
   `ANSWER: X` with one of the letters, uniformly; where several may be right, with a uniform
   non-empty subset.
2. Anything else gets one of a small fixed set of words, uniformly: "Yes" and "No", or the model
   argument `answers` (comma-separated). Always exactly one word: saying all of them at once would
   win every task scored by `includes`, which is a trick and no floor. So the floor of a yes/no task
   comes out near one half, and that of a task whose answers are other words at zero.

The draws depend on the seed, the prompt and how often that prompt was seen, so that neither the
order in which samples run nor the number of connections changes the result.
"""

from __future__ import annotations

import hashlib
import random
import re
from collections import Counter

from assay.errors import InvalidError

ANSWERS = ("Yes", "No")
_ONE_LETTER = re.compile(r"LETTER is one of ([A-Z](?:,\s*[A-Z])*)")
_SOME_LETTERS = re.compile(r"LETTERS is one or more of ([A-Z](?:,\s*[A-Z])*)")
_CHOICE_LINE = re.compile(r"^([A-Z])\) ", re.MULTILINE)


class Chance:
    """Draws answers.

    Args:
        answers: What to say where no choices are listed: words, or one comma-separated text.

    Raises:
        InvalidError: No answers are left to choose from.
    """

    served_name = "chance"
    max_connections = 32

    def __init__(self, answers: str | list[str] | tuple[str, ...] = ANSWERS) -> None:
        words = answers.split(",") if isinstance(answers, str) else answers
        self.answers = tuple(str(word).strip() for word in words if str(word).strip())
        if not self.answers:
            raise InvalidError("assay/chance has no answers to choose from")
        self._seen: Counter[bytes] = Counter()

    def answer(self, prompt: str, seed: int) -> str:
        """One answer to a prompt; another one when the same prompt comes again."""
        digest = hashlib.sha256(prompt.encode()).digest()
        nonce = self._seen[digest]
        self._seen[digest] += 1
        # Random takes no tuples as seeds; the text of one names the draw just as well.
        rng = random.Random(f"{seed}:{digest.hex()}:{nonce}")  # noqa: S311 - no secret
        if some := _SOME_LETTERS.search(prompt):
            letters = _letters(some[1])
            chosen = rng.randrange(1, 2 ** len(letters))
            picked = [letter for bit, letter in enumerate(letters) if chosen >> bit & 1]
            return f"ANSWER: {','.join(picked)}"
        if one := _ONE_LETTER.search(prompt):
            return f"ANSWER: {rng.choice(_letters(one[1]))}"
        if listed := _listed_letters(prompt):
            return f"ANSWER: {rng.choice(listed)}"
        return rng.choice(self.answers)


def _letters(text: str) -> list[str]:
    return [letter.strip() for letter in text.split(",")]


def _listed_letters(prompt: str) -> list[str]:
    """The letters of a choice list, which has at least two and starts at A without a gap."""
    letters = _CHOICE_LINE.findall(prompt)
    expected = [chr(ord("A") + index) for index in range(len(letters))]
    return letters if len(letters) > 1 and letters == expected else []

from __future__ import annotations

import pytest
from tests.unit.harness.benchmarks import needs_model

from assay.errors import InvalidError
from assay.harness.gguf import Gguf, draw_seed, find_gguf

QUESTION = [{"role": "user", "content": "Name a colour, an animal and a town."}]


def test_a_seed_gives_each_question_and_repetition_its_own_draws() -> None:
    seeds = {draw_seed(seed, asked, times) for seed in (1, 2) for asked in "ab" for times in (0, 1)}
    assert len(seeds) == 8
    assert all(0 <= seed < 2**31 for seed in seeds)
    assert draw_seed(1, "a", 0) == draw_seed(1, "a", 0)


@needs_model
def test_the_same_run_again_gives_the_same_answers() -> None:
    runs = []
    for _ in range(2):
        model = Gguf()
        replies = [model.chat(QUESTION, temperature=1.5, seed=3, max_tokens=12) for _ in range(2)]
        runs.append([reply.text for reply in replies])
    assert runs[0] == runs[1]
    assert runs[0][0] != runs[0][1]


def test_a_file_that_is_not_there_is_named() -> None:
    with pytest.raises(InvalidError, match="No GGUF file at nowhere"):
        find_gguf("nowhere.gguf")

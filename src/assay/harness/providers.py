"""Inspect models of our own, registered by the `inspect_ai` entry point as provider `assay`.

`assay/chance` measures a benchmark's floor; `assay/gguf` runs a local model file. Both report token
usage themselves: without it Inspect counts tokens with a vocabulary it downloads, and a run without
network would fail.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import anyio.to_thread
from inspect_ai.model import (
    ChatCompletionChoice,
    ChatMessage,
    ChatMessageAssistant,
    GenerateConfig,
    ModelAPI,
    ModelOutput,
    ModelUsage,
    modelapi,
)
from inspect_ai.tool import ToolChoice, ToolInfo

from assay.errors import InvalidError
from assay.harness.chance import Chance
from assay.harness.gguf import Gguf

MODELS: dict[str, Callable[..., Chance | Gguf]] = {"chance": Chance, "gguf": Gguf}
# Inspect's setting: llama.cpp's name. Whatever is not set is llama.cpp's default.
_GGUF_SETTINGS = {
    "temperature": "temperature",
    "seed": "seed",
    "max_tokens": "max_tokens",
    "top_p": "top_p",
    "top_k": "top_k",
    "frequency_penalty": "frequency_penalty",
    "presence_penalty": "presence_penalty",
    "stop_seqs": "stop",
}


@modelapi(name="assay")
class AssayModel(ModelAPI):
    """One of `MODELS`, as Inspect calls models.

    Raises:
        InvalidError: No such model, tools are offered to it, or its arguments are wrong.
    """

    def __init__(
        self,
        model_name: str,
        base_url: str | None = None,
        api_key: str | None = None,
        config: GenerateConfig | None = None,
        **model_args: Any,
    ) -> None:
        super().__init__(model_name, base_url, api_key, [], config or GenerateConfig())
        if model_name not in MODELS:
            raise InvalidError(
                f"No model assay/{model_name}",
                hint="there are " + " and ".join(f"assay/{name}" for name in MODELS),
            )
        try:
            self.model = MODELS[model_name](**model_args)
        except TypeError as error:
            raise InvalidError(f"assay/{model_name}: wrong model argument: {error}") from error

    async def generate(
        self,
        input: list[ChatMessage],  # noqa: A002 - the base class's name
        tools: list[ToolInfo],
        tool_choice: ToolChoice,  # noqa: ARG002 - the base class's signature
        config: GenerateConfig,
    ) -> ModelOutput:
        """One answer to a conversation."""
        if tools:
            raise InvalidError(f"assay/{self.model_name} cannot call tools")
        model = self.model
        if isinstance(model, Chance):
            text = model.answer(_last_user_text(input), config.seed or 0)
            return _output(model.served_name, text, stopped=True, usage=(0, 0))
        messages = [{"role": message.role, "content": message.text} for message in input]
        reply = await anyio.to_thread.run_sync(
            partial(model.chat, messages, **gguf_settings(config))
        )
        return _output(
            model.served_name,
            reply.text,
            stopped=reply.stopped,
            usage=(reply.input_tokens, reply.output_tokens),
        )

    def max_connections(self) -> int:
        """How many conversations may run at once."""
        return self.model.max_connections

    def connection_key(self) -> str:
        """What the connection limit counts by: the model."""
        return self.model_name


def gguf_settings(config: GenerateConfig) -> dict[str, Any]:
    """Inspect's settings in llama.cpp's words; unset ones are left out."""
    values = {theirs: getattr(config, ours) for ours, theirs in _GGUF_SETTINGS.items()}
    return {name: value for name, value in values.items() if value is not None}


def _last_user_text(messages: list[ChatMessage]) -> str:
    return next((message.text for message in reversed(messages) if message.role == "user"), "")


def _output(model: str, text: str, *, stopped: bool, usage: tuple[int, int]) -> ModelOutput:
    return ModelOutput(
        model=model,
        choices=[
            ChatCompletionChoice(
                message=ChatMessageAssistant(content=text, model=model, source="generate"),
                stop_reason="stop" if stopped else "max_tokens",
            )
        ],
        usage=ModelUsage(
            input_tokens=usage[0], output_tokens=usage[1], total_tokens=usage[0] + usage[1]
        ),
    )

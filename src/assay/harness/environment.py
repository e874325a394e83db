"""The environment of a run: an empty home, the hub, and only the chosen providers' keys.

A benchmark's spec comes from strangers. Whatever it can make Inspect do, it does in a process that
holds no key but those it was started with.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

# Inspect's provider: the variables it reads. A provider that is not here gets none.
PROVIDER_VARIABLES: dict[str, tuple[str, ...]] = {
    "anthropic": ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_BASE_URL"),
    "assay": (),
    "azureai": ("AZUREAI_API_KEY", "AZURE_API_KEY", "AZUREAI_BASE_URL"),
    "bedrock": (
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_REGION",
        "AWS_DEFAULT_REGION",
        "BEDROCK_BASE_URL",
    ),
    "cloudflare": ("CLOUDFLARE_ACCOUNT_ID", "CLOUDFLARE_API_KEY", "CLOUDFLARE_API_TOKEN"),
    "deepseek": ("DEEPSEEK_API_KEY", "DEEPSEEK_BASE_URL"),
    "fireworks": ("FIREWORKS_API_KEY", "FIREWORKS_BASE_URL"),
    "google": ("GOOGLE_API_KEY", "GEMINI_API_KEY", "GOOGLE_BASE_URL"),
    "grok": ("XAI_API_KEY", "GROK_API_KEY", "XAI_BASE_URL", "GROK_BASE_URL"),
    "groq": ("GROQ_API_KEY", "GROQ_BASE_URL"),
    "litellm-proxy": ("LITELLM_PROXY_API_KEY", "LITELLM_PROXY_BASE_URL", "LITELLM_API_KEY"),
    "llama-cpp-python": ("LLAMA_CPP_PYTHON_BASE_URL", "LLAMA_CPP_PYTHON_API_KEY"),
    "meta": ("META_API_KEY", "MODEL_API_KEY", "META_BASE_URL"),
    "mistral": ("MISTRAL_API_KEY", "MISTRAL_BASE_URL"),
    "mockllm": (),
    "moonshot": ("MOONSHOT_API_KEY", "MOONSHOT_BASE_URL"),
    "ollama": ("OLLAMA_BASE_URL", "OLLAMA_API_KEY"),
    "openai": ("OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID"),
    "openrouter": ("OPENROUTER_API_KEY", "OPENROUTER_BASE_URL"),
    "perplexity": ("PERPLEXITY_API_KEY", "PERPLEXITY_BASE_URL"),
    "sambanova": ("SAMBANOVA_API_KEY", "SAMBANOVA_BASE_URL"),
    "sglang": ("SGLANG_API_KEY", "SGLANG_BASE_URL"),
    "together": ("TOGETHER_API_KEY", "TOGETHER_BASE_URL"),
    "vllm": ("VLLM_API_KEY", "VLLM_BASE_URL"),
}
# Providers that are named with a service, whose variables carry the service's name.
_SERVICE_PROVIDERS = {"openai-api"}

# What any process needs to find programs, speak its language, and reach the network as told.
_PASSED_ON = (
    "PATH",
    "LANG",
    "LC_ALL",
    "SYSTEMROOT",
    "LD_LIBRARY_PATH",
    "CUDA_VISIBLE_DEVICES",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "all_proxy",
    "no_proxy",
)


def provider_of(model: str) -> str:
    """The provider in a model's name: `openai` of `openai/gpt-5`."""
    return model.partition("/")[0]


def provider_variables(model: str) -> tuple[str, ...]:
    """The environment variables the model's provider reads."""
    provider, _, rest = model.partition("/")
    if provider in _SERVICE_PROVIDERS:
        service = rest.partition("/")[0].upper().replace("-", "_")
        return (f"{service}_API_KEY", f"{service}_BASE_URL")
    return PROVIDER_VARIABLES.get(provider, ())


def child_environment(
    environ: Mapping[str, str],
    *,
    scratch: Path,
    endpoint: str,
    models: Iterable[str],
    token: str | None = None,
) -> dict[str, str]:
    """The whole environment of a run.

    Args:
        environ: This process's environment.
        scratch: A folder that belongs to the run; home, caches and temporary files lie there.
        endpoint: The hub's address.
        models: The model under test and the graders: their providers' keys are passed on.
        token: The hub token, only where the benchmark cannot be read without one.
    """
    names = [*_PASSED_ON]
    for model in models:
        names += provider_variables(model)
    kept = {name: environ[name] for name in names if name in environ}
    kept |= {
        "HOME": str(scratch / "home"),
        "USERPROFILE": str(scratch / "home"),
        "TMPDIR": str(scratch / "tmp"),
        "HF_ENDPOINT": endpoint,
        "HF_HOME": str(scratch / "huggingface"),
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "HF_HUB_DISABLE_XET": "1",  # hubs other than the public one need not have it
        "HF_DATASETS_DISABLE_PROGRESS_BARS": "1",
        "DO_NOT_TRACK": "1",
        "PYTHONUTF8": "1",
    }
    return kept | ({"HF_TOKEN": token} if token else {"HF_HUB_DISABLE_IMPLICIT_TOKEN": "1"})

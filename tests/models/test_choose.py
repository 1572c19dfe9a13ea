"""Which model is meant, and whether its key is there, before anything is called."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from playbooks.errors import UserError
from playbooks.models import ModelSettings, create_model, missing_key, parse_model_option
from playbooks.models.keys import VARIABLES


@pytest.mark.parametrize(
    ("text", "settings"),
    [
        ("script:examples/haggle_model.py", {"provider": "script", "path": "examples/haggle_model.py"}),
        ("script: C:\\m.py ", {"provider": "script", "path": "C:\\m.py"}),
        ("anthropic/claude-haiku-4-5", {"provider": "anthropic", "name": "claude-haiku-4-5"}),
        ("openrouter/anthropic/claude-x", {"provider": "openrouter", "name": "anthropic/claude-x"}),
        ("ollama/llama3:8b", {"provider": "ollama", "name": "llama3:8b"}),
        ("claude-haiku-4-5", {"provider": "anthropic", "name": "claude-haiku-4-5"}),
        ("gpt-4o-mini", {"provider": "openai", "name": "gpt-4o-mini"}),
        ("o3", {"provider": "openai", "name": "o3"}),
        ("gemini-2.5-flash", {"provider": "gemini", "name": "gemini-2.5-flash"}),
        ("my-own-model", {"name": "my-own-model"}),
        ("octopus", {"name": "octopus"}),
    ],
)
def test_the_model_option_says_provider_and_name(text: str, settings: dict[str, str]) -> None:
    assert parse_model_option(text) == settings


@pytest.mark.parametrize("text", ["", "  ", "script:", "script", "/name", "anthropic/", "two words", "a/b c", "m.py"])
def test_what_names_no_model_is_one_line_that_says_what_to_write(text: str) -> None:
    with pytest.raises(UserError, match="; write ") as raised:
        parse_model_option(text)
    assert "\n" not in str(raised.value)


def test_a_scripts_path_is_relative_to_the_given_folder(tmp_path: Path) -> None:
    (tmp_path / "m.py").write_text("def respond(request): return ''", "utf-8")
    model = create_model(ModelSettings(provider="script", path="m.py"), tmp_path)
    assert model.name == "script:m.py"


def test_a_missing_script_is_named_as_the_user_wrote_it(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"^sub/m\.py: there is no such script"):
        create_model(ModelSettings(provider="script", path="sub/m.py"), tmp_path)


def test_a_script_without_a_path_is_one_line() -> None:
    with pytest.raises(UserError, match="it has no path; set path"):
        create_model(ModelSettings(provider="script"))


def test_any_other_provider_is_litellms() -> None:
    assert create_model(ModelSettings(provider="groq", name="llama")).name == "groq/llama"


def test_a_missing_key_is_one_line_that_names_the_variable_and_the_way_offline() -> None:
    assert missing_key(ModelSettings(), {}) == (
        "no key for anthropic: set ANTHROPIC_API_KEY, or run offline with --model script:FILE"
    )


@pytest.mark.parametrize("provider", sorted(VARIABLES))
def test_any_one_variable_of_a_provider_is_enough(provider: str) -> None:
    settings = ModelSettings(provider=provider, name="m")
    assert VARIABLES[provider][0] in str(missing_key(settings, {}))
    for variable in VARIABLES[provider]:
        assert missing_key(settings, {variable: "k"}) is None
        assert missing_key(settings, {variable: ""}) is not None


@pytest.mark.parametrize(
    ("key", "what"),
    [("…", "the character '…'"), ("sk-a\n", "a space or a line break"), ("sk\0", "the character '\\x00'")],
)
@pytest.mark.parametrize("base", ["", "http://127.0.0.1:1"])
def test_a_key_that_no_request_can_carry_is_told_before_any_is_made(key: str, what: str, base: str) -> None:
    said = missing_key(ModelSettings(provider="openai", name="m"), {"OPENAI_API_KEY": key, "OPENAI_BASE_URL": base})
    assert said == (
        f"OPENAI_API_KEY holds {what}, which no key does: set it anew, or run offline with --model script:FILE"
    )


@pytest.mark.parametrize("provider", ["script", "ollama", "hosted_vllm", "bedrock", "vertex_ai"])
def test_no_key_is_missing_where_none_is_asked_for_or_only_the_call_can_tell(provider: str) -> None:
    assert missing_key(ModelSettings(provider=provider, name="m"), {}) is None


@pytest.mark.parametrize("variable", ["OPENAI_BASE_URL", "OPENAI_API_BASE"])
def test_a_server_of_ones_own_may_do_without_a_key(variable: str) -> None:
    assert missing_key(ModelSettings(provider="openai", name="m"), {variable: "http://127.0.0.1:1/v1"}) is None


@pytest.mark.usefixtures("litellm_loaded")
def test_a_provider_outside_the_table_is_asked_of_litellm() -> None:
    assert "NOVITA_API_KEY" in str(missing_key(ModelSettings(provider="novita", name="m"), {}))


@pytest.mark.usefixtures("litellm_loaded")
@pytest.mark.parametrize(
    ("provider", "fix"),
    [
        ("antropic", "did you mean anthropic?"),
        ("opneai", "did you mean openai?"),
        ("bedrok", "did you mean bedrock?"),
        ("nosuchprovider", "write PROVIDER/NAME, as anthropic/claude-haiku-4-5"),
    ],
)
def test_a_provider_that_does_not_exist_is_one_line_with_the_nearest(provider: str, fix: str) -> None:
    told = missing_key(ModelSettings(provider=provider, name="m"), {"ANTHROPIC_API_KEY": "k"})
    assert told == f'no provider is called "{provider}"; {fix}'


@pytest.mark.usefixtures("litellm_loaded")
@pytest.mark.parametrize("provider", sorted(set(VARIABLES) - {"cohere_chat"}))
def test_the_table_names_the_variable_litellm_reads(provider: str, litellm_loaded: Any) -> None:
    found = litellm_loaded.validate_environment(f"{provider}/m")["missing_keys"]
    assert not found or set(found) & set(VARIABLES[provider])


def run(source: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", textwrap.dedent(source)]
    path = {"PYTHONPATH": ":".join(sys.path), "PATH": ""}
    return subprocess.run(command, capture_output=True, text=True, env=path, timeout=300, check=False)


def test_choosing_a_model_and_missing_its_key_imports_no_providers_library() -> None:
    done = run("""
        import sys
        from playbooks.models import ModelSettings, create_model, missing_key, system_prompt
        create_model(ModelSettings())
        assert "ANTHROPIC_API_KEY" in missing_key(ModelSettings())
        system_prompt()
        print(sorted({"litellm", "openai", "httpx", "aiohttp", "pydantic", "textual", "rich"} & set(sys.modules)))
    """)
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_an_interrupt_does_not_wait_for_the_import() -> None:
    done = run("""
        import asyncio
        from playbooks.models import ModelRequest, ModelSettings, create_model
        from playbooks.models.litellm import load

        async def ask():
            request = ModelRequest("A", "1", "P", {}, 0, {}, [], {}, "", [])
            async with asyncio.timeout(0.02):
                await anext(create_model(ModelSettings()).stream(request))

        try:
            asyncio.run(ask())
        except TimeoutError:
            print("left, loaded:", load.cache_info().currsize)
    """)
    assert (done.returncode, done.stdout, done.stderr) == (0, "left, loaded: 0\n", "")

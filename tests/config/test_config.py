"""What `playbooks.toml` promises: the order of what wins, and one helpful line for each mistake."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from playbooks.config import Config, DurabilityConfig, Settings
from playbooks.config_layers import frontmatter_model, model_choice
from playbooks.errors import UserError
from playbooks.language.model import Program, SourceFile
from playbooks.session.opening import store_of
from playbooks.session.settling import limits_of


def written(text: str) -> Config:
    Path("playbooks.toml").write_text(text, encoding="utf-8")
    return Config.load(env={})


def mistake(text: str) -> str:
    with pytest.raises(UserError) as caught:
        written(text)
    return str(caught.value)


def program(model: object, text: str = "---\nmodel: script:m.py\n---\n# A\n", path: str = "app/a.pb") -> Program:
    return Program(agents=(), files=(SourceFile(path, text),), roots=(path,), metadata={"model": model})


def test_without_a_file_the_documented_defaults_hold() -> None:
    config = Config.load(env={})
    assert (config.timeout_s, config.max_llm_calls, config.artifact_result_threshold) == (60, 100, 500)
    assert (config.message_batch_timeout, config.message_batch_max_wait) == (0.5, 2.0)
    assert config.durability == DurabilityConfig(
        enabled=False,
        provider="filesystem",
        storage_path=".checkpoints",
        max_checkpoint_size_mb=10,
        keep_last_n=10,
        fsync=False,
        interrupted_tool="rerun",
    )
    assert (config.model.provider, config.model.name, config.model.temperature) == (
        "anthropic",
        "claude-haiku-4-5",
        0.2,
    )
    assert config.file == ""


def test_the_durability_table_of_the_guide_turns_checkpoints_on() -> None:
    config = written("[durability]\nenabled = true\n")
    assert config.durability.enabled
    assert config.durability.keep_last_n == 10
    assert config.file == "playbooks.toml"


def test_the_guides_check_prints_true_in_the_folder_of_the_file(alone: Path) -> None:
    Path("playbooks.toml").write_text("[durability]\nenabled = true\n")
    code = "from playbooks.config import config; print(config.durability.enabled)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"


def test_each_source_wins_over_the_one_before() -> None:
    app = program({"temperature": 0.1, "max_failures": 1, "token_delay_s": 1, "max_completion_tokens": 1})
    Path("playbooks.toml").write_text("[model]\nmax_failures = 2\ntoken_delay_s = 2\nmax_completion_tokens = 2\n")
    env = {"PLAYBOOKS_MODEL__TOKEN_DELAY_S": "3", "PLAYBOOKS_MODEL__MAX_COMPLETION_TOKENS": "3"}
    config = Config.load(env=env, overrides={"model": {"max_completion_tokens": 4}}).for_program(app)
    model = config.model
    assert (model.temperature, model.max_failures, model.token_delay_s, model.max_completion_tokens) == (0.1, 2, 3, 4)


def test_the_execution_table_overrides_the_models_key_by_key() -> None:
    model = written("[model.execution]\ntemperature = 0.9\n[model]\ntemperature = 0.1\nmax_failures = 7\n").model
    assert (model.temperature, model.max_failures) == (0.9, 7)


def test_the_environment_wins_over_the_execution_table_of_the_file() -> None:
    Path("playbooks.toml").write_text("[model.execution]\ntemperature = 0.9\n")
    assert Config.load(env={"PLAYBOOKS_MODEL__TEMPERATURE": "0.5"}).model.temperature == 0.5


@pytest.mark.parametrize(("text", "value"), [("true", True), ("1", True), ("false", False), ("0", False)])
def test_the_environment_takes_a_switch_as_words_or_digits(text: str, value: bool) -> None:
    assert Config.load(env={"PLAYBOOKS_DURABILITY__ENABLED": text}).durability.enabled is value


def test_variables_of_other_programs_are_left_alone() -> None:
    assert Config.load(env={"PLAYBOOKS_STATE_DIR": "/x", "PLAYBOOKS_HOME": "1", "HOME": "/root"}) == Config.load(env={})


def test_a_keymap_in_the_environment_is_laid_over_the_files_key_by_key() -> None:
    Path("playbooks.toml").write_text('[debugger]\nkeymap = { pause = "p", fork = "f" }\n')
    config = Config.load(env={"PLAYBOOKS_DEBUGGER__KEYMAP": '{ pause = "space" }'})
    assert config.debugger.keymap == {"pause": "space", "fork": "f"}


def test_the_source_of_a_setting_is_the_one_that_won() -> None:
    config = written('[durability]\nprovider = "sqlite"\n[debugger]\nkeymap = { pause = "p", fork = "f" }\n')
    assert (config.source("durability.provider"), config.source("timeout_s")) == ("playbooks.toml", "")
    env = {"PLAYBOOKS_DURABILITY__PROVIDER": "nosuch", "PLAYBOOKS_DEBUGGER__KEYMAP": '{ pause = "space" }'}
    config = Config.load(env=env, overrides={"timeout_s": 1})
    assert (config.source("durability.provider"), config.source("timeout_s")) == ("PLAYBOOKS_DURABILITY__PROVIDER", "")
    assert config.source("debugger.keymap", "pause") == "PLAYBOOKS_DEBUGGER__KEYMAP"
    assert config.source("debugger.keymap", "fork") == "playbooks.toml"
    with pytest.raises(UserError, match=r'^PLAYBOOKS_DURABILITY__PROVIDER: there is no checkpoint provider "nosuch"'):
        store_of(config)


def test_paths_in_the_file_are_relative_to_the_file(tmp_path: Path) -> None:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    (folder / "playbooks.toml").write_text(
        '[durability]\nstorage_path = "ck"\n[model]\nprovider="script"\npath="m.py"\n'
    )
    config = Config.load(folder, env={})
    assert config.durability.storage_path == str(folder / "ck")
    assert config.model.path == str(folder / "m.py")


def test_a_table_declared_twice_says_where_and_to_merge_them() -> None:
    text = "[durability]\nkeep_last_n = 3\n\n[durability]\nenabled = true\n"
    assert mistake(text) == (
        "playbooks.toml:4: [durability] is declared twice, first in line 1; merge the two [durability] tables"
    )


def test_a_key_given_twice_names_both_lines() -> None:
    assert mistake("[durability]\nenabled = true\nenabled = false\n") == (
        "playbooks.toml:3: durability.enabled is given twice, first in line 2; keep one"
    )


def test_an_unknown_key_names_its_line_and_the_nearest_known_one() -> None:
    assert mistake("\n[durability]\nenabeld = true\n") == (
        "playbooks.toml:3: unknown key durability.enabeld; did you mean enabled?"
    )


def test_a_key_outside_its_table_is_told_where_it_belongs() -> None:
    assert mistake("enabled = true\n") == "playbooks.toml:1: unknown key enabled; it belongs under [durability]"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[durability]\nenabled = 1\n", "playbooks.toml:2: durability.enabled must be true or false, not 1"),
        (
            "[model]\ntemperature = 3\n",
            'playbooks.toml:2: model.temperature must be a number from 0 to 2 or "none", not 3',
        ),
        ("timeout_s = 0\n", "playbooks.toml:1: timeout_s must be a number above 0, not 0"),
        (
            "[durability]\nkeep_last_n = -1\n",
            "playbooks.toml:2: durability.keep_last_n must be a whole number of at least 0, not -1",
        ),
        (
            '[durability]\ninterrupted_tool = "maybe"\n',
            'playbooks.toml:2: durability.interrupted_tool must be "ask", "fail" or "rerun", not "maybe"',
        ),
        ("durability = true\n", "playbooks.toml:1: durability is a table, not true; write [durability]"),
        ("[debugger]\nkeymap = 3\n", "playbooks.toml:2: debugger.keymap must be a table of texts, not 3"),
        (
            "[durability\n",
            "playbooks.toml:1: [durability is not valid TOML: expected ']' at the end of a table declaration",
        ),
        (
            "[durability]\nenabled = yes  # on\n",
            "playbooks.toml:2: enabled = yes  # on is not valid TOML: invalid value; write true or false",
        ),
        (
            "[model]\nname = a-model\n",
            'playbooks.toml:2: name = a-model is not valid TOML: invalid value; write name = "a-model"',
        ),
    ],
)  # fmt: skip
def test_a_value_that_cannot_be_used_is_one_line_with_file_line_and_key(text: str, said: str) -> None:
    assert mistake(text) == said


def test_all_mistakes_of_a_file_are_told_at_once_in_its_order() -> None:
    lines = mistake("timeout_s = 0\n[model]\nnam = 'x'\n[durability]\nfsync = 'yes'\n").splitlines()
    assert [line.split(":")[1] for line in lines] == ["1", "3", "5"]


def test_a_mistake_in_the_environment_names_the_variable() -> None:
    with pytest.raises(UserError, match="unknown key PLAYBOOKS_DURABILITY__ENABLD; did you mean enabled"):
        Config.load(env={"PLAYBOOKS_DURABILITY__ENABLD": "true"})
    with pytest.raises(UserError, match='PLAYBOOKS_TIMEOUT_S must be a number above 0, not "soon"'):
        Config.load(env={"PLAYBOOKS_TIMEOUT_S": "soon"})


def test_a_file_that_is_no_text_is_one_line() -> None:
    Path("playbooks.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UserError, match=r"^playbooks\.toml: is not UTF-8 text"):
        Config.load(env={})


def test_a_file_nested_without_end_is_one_line() -> None:
    assert mistake("a = " + "[" * 100_000) == "playbooks.toml: is nested too deeply"


def test_tables_named_inside_a_long_string_are_not_taken_for_tables() -> None:
    text = '[model]\nname = """\n[durability]\nfsync = 1\n"""\n[durability]\nfsync = 3\n'
    assert mistake(text).startswith("playbooks.toml:7: ")


def test_debug_keeps_everything_and_asks_unless_told_otherwise() -> None:
    debug = Config.load(env={}).for_debug().durability
    assert (debug.enabled, debug.keep_last_n, debug.interrupted_tool) == (True, 0, "ask")
    told = written('[durability]\nkeep_last_n = 10\ninterrupted_tool = "rerun"\n').for_debug().durability
    assert (told.enabled, told.keep_last_n, told.interrupted_tool) == (True, 10, "rerun")


def test_the_frontmatter_names_a_script_beside_the_program() -> None:
    Path("app").mkdir()
    Path("app/m.py").touch()
    model = Config.load(env={}).for_program(program("script:m.py")).model_settings()
    assert (model.provider, model.path) == ("script", "app/m.py")


def test_another_program_replaces_the_frontmatter_of_the_one_before() -> None:
    config = Config.load(env={}).for_program(program({"temperature": 1.5})).for_program(program({"max_failures": 9}))
    assert (config.model.temperature, config.model.max_failures) == (0.2, 9)


def test_a_frontmatter_script_that_is_missing_names_the_programs_line() -> None:
    with pytest.raises(UserError, match=r"^app/a.pb:2: no scripted model at app/m.py"):
        Config.load(env={}).for_program(program("script:m.py"))


def test_a_real_model_on_the_command_line_wins_over_a_script() -> None:
    Path("app").mkdir()
    Path("app/m.py").touch()
    config = Config.load(env={}).for_program(program("script:m.py"))
    assert config.with_overrides({"model": model_choice("openai/gpt-4o")}).model.provider == "openai"
    assert config.with_overrides({"model": {"name": "house-model"}}).model.provider == "anthropic"


def test_a_size_may_be_without_an_end() -> None:
    assert limits_of(written("[durability]\nmax_checkpoint_size_mb = inf\n")).max_value_bytes == sys.maxsize


HEADS = ["", "\n\n", "\ufeff", "#!/usr/bin/env playbooks\n", "#!/usr/bin/env playbooks\n\n"]


@pytest.mark.parametrize("head", HEADS)
def test_the_frontmatters_model_is_found_wherever_the_language_finds_it(head: str) -> None:
    text = head + "---\ntitle: T\nmodel: script:m.py # the one of the tests\n---\n# A\n"
    assert frontmatter_model(program("script:m.py", text), "app/a.pb") == "script:app/m.py"
    line = text[: text.index("model:")].count("\n") + 1
    with pytest.raises(UserError, match=rf"^app/a.pb:{line}: no scripted model at app/m.py"):
        Config.load(env={}).for_program(program("script:m.py", text))


def test_a_file_says_what_its_own_frontmatter_says_of_the_model() -> None:
    text = "---\nmodel:\n  provider: openai\n  name: gpt-4o\n---\n# A\nmodel: none\n"
    assert frontmatter_model(program({}, text), "app/a.pb") == "provider: openai name: gpt-4o"
    assert frontmatter_model(program({}, "# A\nmodel: x\n"), "app/a.pb") == ""
    assert frontmatter_model(program({}, text), "app/other.pb") == ""


@pytest.mark.parametrize("text", ["", "/", "openai/", "/gpt"])
def test_a_model_that_names_nothing_is_a_mistake(text: str) -> None:
    with pytest.raises(UserError, match="names no model"):
        model_choice(text)


def test_settings_given_are_told_from_defaults() -> None:
    config = written("[durability]\nkeep_last_n = 10\n")
    assert config.is_set("durability.keep_last_n")
    assert not config.is_set("durability.fsync")


_KEYS = ["timeout_s", "model", "durability", "debugger", "enabled", "keymap", "execution", "nonsense", "temperature"]
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just("none"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_KEYS) | st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(_KEYS) | st.text(), _VALUES, max_size=5))
def test_whatever_is_laid_on_top_gives_settings_or_a_mistake_told_in_words(overrides: dict[str, object]) -> None:
    try:
        config = Config.load("nowhere", env={}, overrides=overrides)
    except UserError as error:
        assert all(re.match(r"unknown key|\S.* (must be|is a table)", line) for line in str(error).split("\n"))
    else:
        assert msgspec.convert(msgspec.to_builtins(config), Settings)


@given(st.text(alphabet=st.sampled_from("[]ab.=\"'\n 1{},#")))
def test_no_text_makes_the_file_reader_crash(text: str) -> None:
    Path("playbooks.toml").write_text(text, encoding="utf-8", newline="")
    try:
        Config.load(env={})
    except UserError as error:
        assert str(error).startswith("playbooks.toml:")

"""The README's promises that a machine can read: the Space's versions and the two commands."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf8")


def front_matter():
    lines = README.split("---\n")[1].splitlines()
    return dict(line.split(": ", 1) for line in lines)


def test_the_space_runs_the_gradio_that_is_required():
    required = re.search(
        r"^gradio>=(\d+)\.(\d+),<(\d+)\.(\d+)$",
        (ROOT / "requirements.txt").read_text(encoding="utf8"),
        re.MULTILINE,
    )
    major, minor, next_major, next_minor = map(int, required.groups())
    assert (next_major, next_minor) == (major, minor + 1)
    assert front_matter()["sdk_version"].startswith(f"{major}.{minor}.")


def test_the_space_starts_the_app_with_a_python_that_we_support():
    assert front_matter()["app_file"] == "app.py"
    assert front_matter()["python_version"] == '"3.12"'


def test_the_tests_start_with_whatever_version_of_a_library_a_python_gets(pytestconfig):
    lines = pytestconfig.getini("filterwarnings")
    kinds = [line.split(":")[2] for line in lines if ":" in line]
    assert kinds and not [kind for kind in kinds if "." in kind]  # looked up as the tests start


@pytest.mark.parametrize("name", ["run", "test"])
def test_each_command_is_one_line_that_names_files_that_exist(name):
    block = README.split(f"<!-- {name} command -->\n```sh\n")[1].split("\n```")[0]
    assert len(block.splitlines()) == 1
    for file in re.findall(r"[\w-]+\.(?:txt|py)", block):
        assert (ROOT / file).exists(), file


def test_every_picture_is_there_and_small():
    pictures = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", README)
    assert pictures
    for picture in pictures:
        assert (ROOT / picture).stat().st_size < 150_000, picture

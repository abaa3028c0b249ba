"""Which files an [images] entry opens for its tasks, and which it does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from drydock.errors import SpawnFailed
from drydock.region.dataplane.runtime.visible import Entry, Surroundings, unseen, view

PATH = "/usr/bin:/bin"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A person's folder, with what is in many."""
    place = tmp_path.resolve() / "home"
    make(place / ".ssh/id", "secret")
    make(place / ".local/share/keys", "secret")
    return place


def make(path: Path, text: str = "", mode: int = 0o755) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)
    return path


def opened(entry: Entry, home: Path, **around: list[str]) -> dict[str, str]:
    """What is open below the folder that the home is in: path relative to it → kind."""
    found = view(entry, Surroundings(homes=[str(home)], **around), PATH)
    top = home.parent
    return {
        str(Path(path).relative_to(top)): kind
        for path, kind in found.pruned()
        if Path(path).is_relative_to(top)
    }


def test_the_system_is_open_and_its_secrets_are_not(home: Path) -> None:
    seen = view(Entry(words=["sh"]), Surroundings(homes=[str(home)]), PATH)
    for path in ("/usr", "/bin/sh", "/etc/nsswitch.conf", "/etc/ssl/certs"):
        assert not Path(path).exists() or seen.sees(path), path
    for path in ("/", "/etc", "/etc/shadow", "/etc/ssl/private", "/root", "/home", "/var", "/tmp"):
        assert not seen.sees(path), path


def test_the_working_folder_is_open_but_for_drydocks_own(home: Path) -> None:
    (home.parent / "shop/.drydock").mkdir(parents=True)
    entry = Entry(working_dir=str(home.parent / "shop"))
    assert opened(entry, home) == {"shop": "readable", "shop/.drydock": "hidden"}


@pytest.mark.parametrize("wide", ["home", "."])
def test_a_home_and_what_is_above_it_is_no_images_folder(home: Path, wide: str) -> None:
    assert opened(Entry(working_dir=str(home.parent / wide)), home) == {}


@pytest.mark.parametrize(
    ("program", "found"),
    [
        ("shop/run", ["shop"]),
        ("shop/bin/run", ["shop"]),
        ("shop/node_modules/.bin/next", ["shop/node_modules"]),
        ("home/run", ["home/run"]),
        ("home/bin/run", ["home/bin"]),
        ("home/.local/bin/run", ["home/.local/bin"]),
        ("home/.local/share/uv/python/3.12/bin/python", ["home/.local/share/uv/python/3.12"]),
        ("home/.nvm/versions/v20/bin/node", ["home/.nvm/versions/v20"]),
        ("home/.ssh/program", ["home/.ssh/program"]),
    ],
)
def test_a_program_opens_what_it_belongs_to(home: Path, program: str, found: list[str]) -> None:
    path = make(home.parent / program)
    assert list(opened(Entry(words=[str(path)]), home)) == found


def test_a_shim_opens_what_it_calls(home: Path) -> None:
    shim = make(home / ".pyenv/shims/python", "#!/bin/sh\n")
    assert list(opened(Entry(words=[str(shim)]), home)) == ["home/.pyenv"]


def test_symbolic_links_are_followed_and_kept(home: Path) -> None:
    top = home.parent
    make(top / "versions/2/bin/python")
    (top / "current").symlink_to("versions/2")
    (top / "shop").mkdir()
    (top / "shop/python").symlink_to(top / "current/bin/python")
    entry = Entry(words=[str(top / "shop/python")])
    assert list(opened(entry, home)) == ["shop", "versions/2"]
    links = view(entry, Surroundings(homes=[str(home)]), PATH).links
    assert links[str(top / "current")] == "versions/2"
    assert links[str(top / "shop/python")] == str(top / "current/bin/python")


@pytest.mark.parametrize(
    "line",
    [
        "#!{interpreter}",
        "#!/usr/bin/env -S {interpreter} -u",
        "#!/bin/sh\n'''exec' \"{interpreter}\" \"$0\" \"$@\"\n' '''",
    ],
)
def test_the_interpreter_of_a_script_is_open(home: Path, line: str) -> None:
    interpreter = make(home.parent / "python/bin/python")
    script = make(home.parent / "shop/bin/run", line.format(interpreter=interpreter))
    assert list(opened(Entry(words=[str(script)]), home)) == ["python", "shop"]


def test_a_virtual_environment_opens_its_python_and_editable_installs(home: Path) -> None:
    top = home.parent
    for name in ("pth", "finder", "link", "beside", "base-only"):
        (top / name).mkdir()
    make(home / ".pyenv/versions/3.12/bin/python3.12")
    site = top / "venv/lib/python3.12/site-packages"
    make(top / "venv/pyvenv.cfg", f"home = {home}/.pyenv/versions/3.12/bin\nversion = 3.12\n")
    make(site / "a.pth", f"import site\n# {top}/beside\n{top}/pth\n{home}\n{top}/not-there\n")
    make(site / "b.egg-link", f"{top}/link\n.\n")
    make(site / "__editable___c_finder.py", f"MAPPING: dict[str, str] = {{'c': '{top}/finder'}}\n")
    base = home / ".pyenv/versions/3.12/lib/python3.12/site-packages"
    make(base / "d.pth", f"{top}/base-only\n")
    program = make(top / "venv/bin/run")
    assert list(opened(Entry(words=[str(program)]), home)) == [
        *("base-only", "finder", "home/.pyenv/versions/3.12", "link", "pth", "venv")
    ]


def test_paths_among_the_words_and_variables_are_open(home: Path) -> None:
    top = home.parent
    for name in ("app/main.py", "conf/a.toml", "data/x", "lib/x", "home/.aws/credentials"):
        make(top / name)
    words = ["python3", f"{top}/app/main.py", f"--config={top}/conf/a.toml", f"{home}"]
    variables = {"PYTHONPATH": f"{top}/lib:{top}/data", "KEYS": f"{home}/.aws/credentials"}
    found = opened(Entry(words=words, environment=variables), home)
    assert list(found) == ["app", "conf/a.toml", "data", "home/.aws/credentials", "lib"]


def test_read_and_write_open_more(home: Path) -> None:
    top = home.parent
    (top / "shop/uploads").mkdir(parents=True)
    entry = Entry(
        working_dir=f"{top}/shop",
        read=[f"{home}/.ssh"],
        write=[f"{top}/shop/uploads"],
    )
    assert opened(entry, home) == {
        "home/.ssh": "readable",
        "shop": "readable",
        "shop/uploads": "writable",
    }
    all_of_it = Entry(working_dir=f"{top}/shop/uploads", write=[f"{top}/shop"])
    assert opened(all_of_it, home) == {"shop": "writable"}


def test_drydocks_own_folder_is_never_open_though_what_is_in_it_can_be(home: Path) -> None:
    private = home.parent / ".drydock"
    make(private / "region/authority/root.pem")
    entry = Entry(
        read=[f"{home.parent}/.drydock", f"{private}/region/authority/root.pem"],
    )
    assert opened(entry, home, private=[str(private)]) == {
        ".drydock/region/authority/root.pem": "readable"
    }


def test_what_a_task_may_have_written_opens_nothing(home: Path) -> None:
    """A link, an interpreter's name or an editable install that it put there would open anything."""
    top = home.parent
    make(top / "secrets/bin/python")
    make(top / "shop/pyvenv.cfg", f"home = {top}/secrets/bin\n")
    make(top / "shop/lib/python3.12/site-packages/a.pth", f"{top}/secrets\n")
    make(top / "shop/bin/run", f"#!{top}/secrets/bin/python\n")
    (top / "shop/bin/linked").symlink_to(top / "secrets/bin/python")
    for program in ("run", "linked"):
        entry = Entry(words=[f"{top}/shop/bin/{program}"], write=[f"{top}/shop"])
        assert opened(entry, home, written=[f"{top}/shop"]) == {"shop": "writable"}


def test_a_folder_that_is_not_there_is_named(home: Path) -> None:
    with pytest.raises(SpawnFailed, match=r"read names /no/such.*not on this machine"):
        view(Entry(name="x:*", read=["/no/such"]), Surroundings(), PATH)


def test_what_is_there_and_not_seen_is_named(home: Path) -> None:
    top = home.parent
    program = make(top / "other/run")
    make(top / "shop/script", f"#!{program}\n")
    seen = view(Entry(working_dir=f"{top}/shop"), Surroundings(homes=[str(home)]), PATH)
    assert unseen(seen, str(program), "/", PATH) == str(program)
    assert unseen(seen, "./script", f"{top}/shop", PATH) == str(program)
    assert unseen(seen, "run", "/", f"/usr/bin:{top}/other") == str(program)
    assert unseen(seen, f"{top}/other/not-there", "/", PATH) == ""
    assert unseen(seen, "/bin/sh", "/", PATH) == ""

"""Who a container's program is, by the image's own files."""

from __future__ import annotations

import pytest

from drydock.region.dataplane.processes.rootfs import User, find_user

PASSWD = "root:x:0:0:root:/root:/bin/sh\nnginx:x:101:102::/srv:/bin/false\nbroken\nbare:x:7:8:::\n"
GROUP = "root:x:0:\nnginx:x:102:\nweb:x:33:other,nginx\nlogs:x:4:nginx\n"


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("", User(0, 0, (), "/root")),
        ("root", User(0, 0, (), "/root")),
        ("nginx", User(101, 102, (33, 4), "/srv")),
        ("101", User(101, 102, (33, 4), "/srv")),
        ("nginx:web", User(101, 33, (), "/srv")),
        ("nginx:99", User(101, 99, (), "/srv")),
        ("5000", User(5000, 0, (), "/")),
        ("5000:web", User(5000, 33, (), "/")),
        ("bare", User(7, 8, (), "/")),
    ],
)
def test_users_in_every_spelling(words: str, found: User) -> None:
    assert find_user(words, PASSWD, GROUP) == found


def test_an_image_without_files_has_numbers_alone() -> None:
    assert find_user("12:13", "", "") == User(12, 13, (), "/")
    with pytest.raises(OSError, match="its user app is not in the image's /etc/passwd"):
        find_user("app", "", "")
    with pytest.raises(OSError, match="its group app is not in the image's /etc/group"):
        find_user("0:app", PASSWD, "")

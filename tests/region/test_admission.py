"""Who gets in: the region's owner by its own names, and nobody else."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from drydock.region.host import launcher
from tests.support import region as support
from tests.support.region import TestRegion

pytestmark = pytest.mark.region

JSON = {"Content-Type": "application/json"}
AMZ = {
    "Content-Type": "application/x-amz-json-1.1",
    "X-Amz-Target": "AmazonEC2ContainerServiceV20141113.ListClusters",
    "Authorization": "AWS4-HMAC-SHA256 Credential=x/20260101/ap-southeast-2/ecs/aws4_request, "
    "SignedHeaders=host, Signature=0",
}
AS_ANOTHER = """
import os, socket, sys
os.setgroups([]); os.setgid(65534); os.setuid(65534)
port, method, path, body = sys.argv[1:]
with socket.socket() as client:
    client.connect(("127.0.0.1", int(port)))
    client.sendall(
        f"{method} {path} HTTP/1.1\\r\\nHost: localhost\\r\\nContent-Type: application/json\\r\\n"
        f"Content-Length: {len(body)}\\r\\nConnection: close\\r\\n\\r\\n{body}".encode()
    )
    while part := client.recv(65536):
        print(part.decode(), end="")
"""


def ask(
    region: TestRegion, method: str, path: str, headers: dict[str, str], body: str = "{}"
) -> tuple[int, str]:
    connection = HTTPConnection(region.record.endpoint.removeprefix("http://"), timeout=20)
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def as_another(region: TestRegion, method: str, path: str, body: str = "") -> str:
    """What another user of this machine is answered, headers included."""
    port = region.record.endpoint.rpartition(":")[2]
    words = [sys.executable, "-c", AS_ANOTHER, port, method, path, body]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:4566", "127.0.0.1.evil.example", "203.0.113.9"]
)
def test_a_name_that_leads_here_is_not_enough(region: TestRegion, host: str) -> None:
    assert ask(region, "POST", "/", AMZ)[0] == 200
    status, words = ask(region, "POST", "/", {**AMZ, "Host": host})
    assert status == 403
    assert "does not answer to the host" in words


@pytest.mark.parametrize("host", ["localhost:1", "bucket.localhost", "[::1]:4566", "127.0.0.1"])
def test_the_regions_own_names(region: TestRegion, host: str) -> None:
    assert ask(region, "POST", "/", {**AMZ, "Host": host})[0] == 200


def test_a_form_of_another_site_writes_no_object(region: TestRegion) -> None:
    s3 = region.client("s3")
    where = {"LocationConstraint": region.record.region}
    s3.create_bucket(Bucket="drydock-form", CreateBucketConfiguration=where)
    page = {"Origin": "http://evil.example", "Sec-Fetch-Site": "cross-site"}
    form = '--x\r\nContent-Disposition: form-data; name="key"\r\n\r\na\r\n'
    form += '--x\r\nContent-Disposition: form-data; name="file"\r\n\r\nbad\r\n--x--\r\n'
    kind = {"Content-Type": "multipart/form-data; boundary=x"}
    for headers in ({**kind, **page}, {**kind, "Origin": "null"}):
        assert ask(region, "POST", "/drydock-form", headers, form)[0] == 403
    assert ask(region, "GET", "/drydock-form", {"Sec-Fetch-Site": "same-site"}, "")[0] == 403
    assert s3.list_objects_v2(Bucket="drydock-form")["KeyCount"] == 0
    assert ask(region, "POST", "/drydock-form", kind, form)[0] < 300  # a program's form


@pytest.mark.parametrize("path", ["/_drydock/hold", "/%5fdrydock/hold"])
def test_a_hold_by_a_page_is_refused(region: TestRegion, path: str) -> None:
    text = {"Content-Type": "text/plain"}
    assert ask(region, "POST", path, text, '{"seconds": 9}')[0] == 415
    page = {**JSON, "Origin": "http://127.0.0.1:9"}
    assert ask(region, "POST", path, page, '{"seconds": 9}')[0] == 403
    region.client("ssm").put_parameter(Name="/held", Value="no", Type="String", Overwrite=True)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user")
def test_another_user_of_this_machine_gets_nothing(region: TestRegion) -> None:
    for asked in (
        ("GET", "/_drydock/status"),
        ("GET", "/"),
        ("POST", "/_drydock/hold", '{"seconds": 9}'),
        ("PUT", "/drydock-others"),
    ):
        said = as_another(region, *asked)
        assert said.startswith("HTTP/1.1 403 ")
        assert "not user 65534" in said
    assert ask(region, "GET", "/_drydock/status", {}, "")[0] == 200


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user")
def test_any_user_if_the_settings_say_so(tmp_path: Path, needs_namespaces: None) -> None:
    workspace = support.prepare(tmp_path)
    settings = tmp_path / "drydock.toml"
    open_to_all = '[region]\nallow_users = "any"'
    settings.write_text(settings.read_text().replace("[region]", open_to_all, 1))
    try:
        region = TestRegion(workspace, support.start(workspace))
        assert as_another(region, "GET", "/_drydock/status").startswith("HTTP/1.1 200 ")
    finally:
        launcher.stop(workspace)


def test_what_it_writes_is_its_owners_alone(region: TestRegion) -> None:
    folder = region.workspace.folder
    assert folder.stat().st_mode & 0o077 == 0
    open_to_others = [
        str(path)
        for path in files(region.workspace.region)
        if not path.is_symlink() and path.stat().st_mode & 0o077
    ]
    assert open_to_others == []


def files(folder: Path) -> list[Path]:
    """What the region wrote beside its databases, which PostgreSQL keeps."""
    return [one for one in folder.iterdir() if one.is_file()]


PAGE = """<!doctype html><title>foreign</title>
<form id=upload method=post enctype=multipart/form-data action="{api}/drydock-page">
  <input name=key value=bad><input name=file value=bad>
</form>
<form id=text method=post enctype=text/plain action="{api}/_drydock/hold">
  <input name='{{"seconds": 9, "a": "' value='"}}'>
</form>
"""
ASK = """async ([url, options]) => {
  try { const answer = await fetch(url, options); return `${answer.status} ${await answer.text()}`; }
  catch (error) { return `failed: ${error}`; }
}"""


@pytest.fixture
def page_url(region: TestRegion) -> Iterator[str]:
    """A page that somebody else serves under a name of its own, which leads to this machine."""
    body = PAGE.format(api=region.record.endpoint).encode()

    class Foreign(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Foreign) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://evil.example:{server.server_port}/"
        server.shutdown()


@pytest.mark.browser
def test_a_page_in_a_browser_gets_nothing(region: TestRegion, page_url: str) -> None:
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("Chromium is not installed")
    sync_api = pytest.importorskip("playwright.sync_api")
    s3 = region.client("s3")
    where = {"LocationConstraint": region.record.region}
    s3.create_bucket(Bucket="drydock-page", CreateBucketConfiguration=where)
    s3.put_object(Bucket="drydock-page", Key="state", Body=b"mine")
    api = region.record.endpoint
    rebound = f"http://evil.example:{api.rpartition(':')[2]}"
    register = {"method": "POST", "headers": AMZ}
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium,
            args=["--no-sandbox", "--host-resolver-rules=MAP evil.example 127.0.0.1"],
        )
        try:
            page = browser.new_page()
            # the page's own name comes to lead to the region: it is of one origin with it then
            assert page.goto(f"{rebound}/").status == 403
            said = page.evaluate(ASK, [f"{rebound}/", {**register, "body": "{}"}])
            assert said.startswith("403 This region does not answer to the host")
            said = page.evaluate(ASK, [f"{rebound}/_drydock/status", {}])
            assert said.startswith("403 ")
            # another site, which sends what needs no leave
            page.goto(page_url)
            for url, options in (
                (f"{api}/drydock-page/state", {"method": "DELETE"}),
                (f"{api}/drydock-page/state", {"method": "PUT", "body": "bad"}),
                (f"{api}/_drydock/hold", {"method": "POST", "body": '{"seconds": 9}'}),
                (f"{api}/_drydock/status", {}),
                (f"{api}/drydock-page", {"method": "POST", "mode": "no-cors", "body": "a=b"}),
            ):
                assert page.evaluate(ASK, [url, options]).startswith(("failed", "0 "))
            for form in ("upload", "text"):
                page.goto(page_url)
                with page.expect_navigation() as navigation:
                    page.evaluate("name => document.getElementById(name).submit()", form)
                assert navigation.value.status == 403
        finally:
            browser.close()
    listed = [one["Key"] for one in s3.list_objects_v2(Bucket="drydock-page")["Contents"]]
    assert listed == ["state"]
    assert s3.get_object(Bucket="drydock-page", Key="state")["Body"].read() == b"mine"
    region.client("ssm").put_parameter(Name="/page", Value="no", Type="String", Overwrite=True)


def test_idle_and_slow_clients_keep_nobody_waiting(region: TestRegion) -> None:
    host, _, port = region.record.endpoint.removeprefix("http://").rpartition(":")
    slow = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99\r\n\r\nhalf"
    starts = [b""] * 300 + [slow, slow[:20]] * 100
    with ExitStack() as stack:
        for start in starts:
            one = stack.enter_context(socket.create_connection((host, int(port)), 20))
            one.sendall(start)
        ecs = region.client("ecs")
        ecs.create_cluster(clusterName="beside")
        answer = ecs.describe_services(cluster="beside", services=["none"])
        assert answer["failures"][0]["reason"] == "MISSING"
        assert region.inspect()["endpoint"] == region.record.endpoint

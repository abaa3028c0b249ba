from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from drydock.errors import WaitTimedOut
from drydock.ops import site
from tests.support.tls import SelfSigned, self_signed


@contextmanager
def server(
    *codes: int,
    location: str = "",
    hosts: list[str] | None = None,
    context: ssl.SSLContext | None = None,
) -> Iterator[str]:
    """Answers with `codes` in turn, the last one for ever; `hosts` gets each Host header."""
    left = list(codes)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(left.pop(0) if len(left) > 1 else left[0])
            if hosts is not None:
                hosts.append(self.headers["Host"])
            if location:
                self.send_header("Location", location)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    class Server(HTTPServer):
        def handle_error(self, *_: object) -> None:
            """A client that does not trust us goes away, as it should."""

    with Server(("127.0.0.1", 0), Handler) as http:
        if context is not None:
            http.socket = context.wrap_socket(http.socket, server_side=True)
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{http.server_address[1]}/"
        finally:
            http.shutdown()
            thread.join()


def test_waits_until_the_site_answers_200() -> None:
    with server(503, 502, 200) as url:
        site.wait_until_up(site.Visit(url), timeout=10, every=0.01)


def test_a_proxy_is_not_asked_for_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with server(200) as url:
        assert site.answer(site.Visit(url)) == 200


def test_a_timeout_tells_the_last_answer() -> None:
    with server(503) as url, pytest.raises(WaitTimedOut, match="last answer was: 503"):
        site.wait_until_up(site.Visit(url), timeout=0.1, every=0.02)


def test_a_refused_connection_is_told_in_the_systems_words() -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        answer = site.answer(site.Visit(f"http://127.0.0.1:{reserved.getsockname()[1]}/"))
    assert "refused" in str(answer)


@contextmanager
def tls_server(certificate: SelfSigned, folder: Path, *codes: int) -> Iterator[str]:
    """As `server`, over TLS."""
    file = folder / "server.pem"
    file.write_text(certificate.pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    with server(*codes, context=context) as url:
        yield url.replace("http:", "https:")


def test_the_certificate_is_verified_under_the_sites_name(tmp_path: Path) -> None:
    ours = self_signed("site.test")
    (tmp_path / "ca.pem").write_text(ours.certificate)
    authority = str(tmp_path / "ca.pem")
    with tls_server(ours, tmp_path, 200) as url:
        assert site.answer(site.Visit(url, "site.test", authority)) == 200
        wrong = site.answer(site.Visit(url, "other.test", authority))
        assert str(wrong).startswith("its certificate is not valid: Hostname mismatch")
        assert site.answer(site.Visit(url, "", authority, any_name=True)) == 200
        (tmp_path / "ca.pem").write_text(self_signed("site.test").certificate)
        unknown = site.answer(site.Visit(url, "", authority, any_name=True))
        assert str(unknown).startswith("its certificate is not valid: self-signed")
        untrusted = site.answer(site.Visit(url, "site.test", authority))
        assert str(untrusted).startswith("its certificate is not valid: self-signed")


def test_a_load_balancers_own_name_has_no_certificate() -> None:
    assert site.is_a_load_balancers("https://a-1.ap-southeast-2.elb.amazonaws.com/x")
    assert not site.is_a_load_balancers("https://elb.amazonaws.com.example.com/")


def test_a_redirect_to_a_sibling_is_an_answer_and_others_are_followed(tmp_path: Path) -> None:
    with server(200) as last, server(301, location=last) as first:
        assert site.answer(site.Visit(first)) == 200
    with server(301, location="https://127.0.0.1:1/x?y=1") as first:
        assert "refused" in str(site.answer(site.Visit(first)))
        visit = site.Visit(first, siblings=("https://127.0.0.1:1",))
        assert site.answer(visit) == 200


def test_a_site_that_redirects_to_itself_is_not_up() -> None:
    with server(301, location="/") as url:
        assert "it redirects 5 times" in str(site.answer(site.Visit(url)))


@pytest.mark.parametrize("name", ["", "site.test"])
def test_the_site_is_asked_for_by_its_name(name: str) -> None:
    asked: list[str] = []
    with server(200, hosts=asked) as url:
        site.answer(site.Visit(url, name))
        port = url.rstrip("/").rpartition(":")[2]
    assert asked == [f"{name or '127.0.0.1'}:{port}"]

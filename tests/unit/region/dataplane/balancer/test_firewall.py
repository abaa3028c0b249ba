"""A firewall that a real HAProxy judges: every kind of statement with what it lets through."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Callable
from dataclasses import replace

import pytest

from drydock.region.dataplane.balancer.balancer import Balancer
from drydock.region.dataplane.balancer.firewall.spec import (
    AddressSet,
    AllOf,
    Allow,
    AnyOf,
    Block,
    Constraint,
    Count,
    Firewall,
    Forwarded,
    From,
    Labelled,
    Not,
    Part,
    Pattern,
    Rate,
    Rule,
    Size,
    Statement,
    Text,
    Transformation,
)
from drydock.region.dataplane.balancer.spec import FixedResponse, Listener, LoadBalancer
from tests.support.waiting import eventually
from tests.unit.region.dataplane.balancer.targets import Answer, Load, get
from tests.unit.region.dataplane.balancer.test_balancer import (
    NewServer,
    all_healthy,
    one_group,
    pid,
    port,
)

PATH, QUERY, METHOD = Part("path"), Part("query"), Part("method")
CLIENT = "203.0.113.10"
MANY = tuple(f"({number}|{' x' * 60})" for number in range(10))
"""As many patterns as a set has, with many spaces."""
ODD = b"\x01\t\"'\\${ \xff"
OPEN = LoadBalancer((Listener("http", 80, FixedResponse(200, body="in")),), host_client=CLIENT)


def blocking(*statements: Statement, sets: tuple[AddressSet, ...] = ()) -> Firewall:
    rules = tuple(Rule(str(number), one, Block()) for number, one in enumerate(statements))
    return Firewall(rules, address_sets=sets)


def text(part: Part, value: str, how: Constraint = "CONTAINS", *ways: Transformation) -> Text:
    return Text(part, value.encode(), how, ways)


def ask(
    front: socket.socket,
    path: str = "/",
    method: str = "GET",
    body: bytes | None = None,
    headers: dict[str, str] | None = None,
) -> Answer:
    connection = http.client.HTTPConnection("127.0.0.1", port(front), timeout=10)
    try:
        connection.request(method, path, body, headers or {})
        return Answer(connection.getresponse())
    finally:
        connection.close()


Put = Callable[[Firewall], None]


@pytest.fixture
def put(balancer: Balancer, front: socket.socket) -> Put:
    def apply(firewall: Firewall) -> None:
        balancer.apply(replace(OPEN, firewall=firewall), {"http": [front]})

    return apply


def blocked(front: socket.socket, path: str = "/", **headers: str) -> bool:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    status = ask(front, path, headers=sent).status
    assert status in (200, 403)
    return status == 403


@pytest.mark.parametrize(
    ("statement", "matches", "passes"),
    [
        (text(PATH, "/admin", "EXACTLY"), "/admin", "/admin/x"),
        (text(PATH, "/admin", "STARTS_WITH"), "/admin/x", "/x/admin"),
        (text(PATH, ".php", "ENDS_WITH"), "/a.php", "/a.php5"),
        (text(PATH, "evil", "CONTAINS"), "/an/evil/thing", "/an/Evil/thing"),
        (text(PATH, "bad", "CONTAINS_WORD"), "/a-bad/x", "/a_bad/x"),
        (text(PATH, "bad", "CONTAINS_WORD"), "/x/bad", "/x/badly"),
        (text(PATH, "/admin", "STARTS_WITH", "LOWERCASE"), "/ADMIN/x", "/x/ADMIN"),
        (text(PATH, "/a b", "EXACTLY", "URL_DECODE"), "/a%20b", "/a+b"),
        (text(PATH, "/a b", "EXACTLY", "URL_DECODE", "LOWERCASE"), "/A%20B", "/a_b"),
        (text(QUERY, "a=b c", "EXACTLY", "URL_DECODE"), "/?a=b+c", "/?a=b++c"),
        (
            text(QUERY, "b c", "CONTAINS", "URL_DECODE", "COMPRESS_WHITE_SPACE"),
            "/?a=b%20%09%0a+c",
            "/?a=bc",
        ),
        (text(QUERY, "hello", "CONTAINS", "BASE64_DECODE"), "/?eGhlbGxveA==", "/?hello"),
        (text(Part("argument", "id"), "1", "EXACTLY"), "/?x=2&ID=1", "/?x=1&id=2"),
        (text(Part("argument", "id"), "1", "EXACTLY"), "/?ID=2&id=1&x", "/?&id=12&xid=1"),
        (
            text(Part("argument", "a_b"), "\n;", "ENDS_WITH", "URL_DECODE"),
            "/?A_B=%0a;",
            "/?a_b&b=%0a;",
        ),
        (text(Part("arguments"), "1", "EXACTLY"), "/?x=2&y=1&z=3", "/?1=2&y=11&2"),
        (text(Part("arguments"), "1;drop"), "/?x=2&y=1;drop", "/?1;drop=2"),
        (Pattern(PATH, ("^/v[0-9]+/$", "^/old")), "/v12/", "/v/"),
        (Pattern(PATH, ("^/v[0-9]+/$", "^/old")), "/older", "/bold"),
        (
            Pattern(QUERY, (r"\bselect\s",), ("LOWERCASE", "URL_DECODE")),
            "/?SELECT%20*",
            "/?selects",
        ),
        (Pattern(PATH, (r"""["'#${}\\] x""",), ("URL_DECODE",)), "/%24%20x", "/%25%20x"),
        (Pattern(PATH, (r"""["'#${}\\] x""",), ("URL_DECODE",)), "/%5C%20x", "/a%20x"),
        (Text(PATH, ODD, "CONTAINS", ("URL_DECODE",)), "/%01%09%22%27%5c%24%7B%20%ff", "/%ff"),
        (Text(PATH, ODD, "ENDS_WITH", ("URL_DECODE",)), "/%01%09%22%27%5c%24%7B%20%ff", "/%01"),
        (
            Text(QUERY, b"=" + ODD, "ENDS_WITH", ("URL_DECODE",)),
            "/?a=%01%09%22%27%5c%24%7B%20%ff",
            "/?a",
        ),
        (
            Text(Part("arguments"), ODD, "EXACTLY", ("URL_DECODE",)),
            "/?b&a=%01%09%22'%5c$%7B+%ff",
            "/?a=%01",
        ),
        (text(PATH, "/a%b%zz evil", "EXACTLY", "URL_DECODE"), "/a%b%zz%20evil", "/a%b%zz%2520evil"),
        (text(PATH, "evil", "ENDS_WITH", "URL_DECODE", "LOWERCASE"), "/%00EVIL", "/%00"),
        (
            text(QUERY, '<script "x', "EXACTLY", "URL_DECODE", "HTML_ENTITY_DECODE"),
            "/?&lt;&%23x73;cri&%23112;t&%2332;&quot;x",
            "/?&lt;script&amp;quot;x",
        ),
        (
            text(
                QUERY,
                "a&#300000000;&#xzz;&no;<\u20ac>",
                "EXACTLY",
                "URL_DECODE",
                "HTML_ENTITY_DECODE",
                "LOWERCASE",
            ),
            "/?A&%23300000000;&%23xzz;&no;&lt;&%238364;&gt;",
            "/?a",
        ),
        (Size(QUERY, "GT", 5), "/?123456", "/?12345"),
        (Size(QUERY, "LT", 3), "/", "/?123"),
        (Size(QUERY, "NE", 3), "/?1", "/?123"),
        (Size(PATH, "EQ", 4, ("URL_DECODE",)), "/%61bc", "/abcd"),
        (Size(Part("argument", "a"), "GE", 3), "/?a=123", "/?a=12"),
        (AllOf((text(PATH, "/a"), text(QUERY, "b"))), "/a?b", "/a?c"),
        (AnyOf((text(PATH, "/a"), text(QUERY, "b"))), "/x?b", "/x?c"),
        (
            AllOf((text(PATH, "/a"), Pattern(QUERY, MANY), Pattern(QUERY, MANY), text(PATH, "b"))),
            "/ab?7",
            "/ab?y",
        ),
        (Not(text(PATH, "/a")), "/x", "/a"),
        (Not(AllOf((text(PATH, "/a"), text(QUERY, "b")))), "/a?c", "/a?b"),
        (Not(AnyOf((text(PATH, "/a"), text(QUERY, "b")))), "/x?c", "/x?b"),
        (
            AllOf((AnyOf((text(PATH, "/a"), text(PATH, "/b"))), Not(text(QUERY, "ok")))),
            "/b?no",
            "/b?ok",
        ),
        (
            AllOf(tuple(text(PATH, letter) for letter in "abcdefghijklmnop")),
            "/ponmlkjihgfedcba",
            "/p",
        ),
    ],
)
def test_a_statement_matches_what_it_says_and_nothing_else(
    put: Put, front: socket.socket, statement: Statement, matches: str, passes: str
) -> None:
    put(blocking(statement))
    assert blocked(front, matches)
    assert not blocked(front, passes)


def test_headers_cookies_and_methods(put: Put, front: socket.socket) -> None:
    put(
        blocking(
            text(Part("header", "user-agent"), "BadBot"),
            text(Part("headers", scope="VALUE"), "in-a-value"),
            text(Part("headers", scope="KEY"), "x-secret", "EXACTLY"),
            text(Part("headers", names=("x-one", "x-two")), "needle"),
            text(Part("headers", names=("x-three",), scope="KEY"), "three", "ENDS_WITH"),
            text(Part("cookies"), "evil", "EXACTLY"),
            text(Part("cookies", names=("session",), scope="VALUE"), "stolen", "STARTS_WITH"),
            text(METHOD, "TRACE", "EXACTLY"),
            Pattern(METHOD, ("^DEL",)),
            Size(Part("header", "x-long"), "GT", 10),
        )
    )
    assert not blocked(front)
    assert blocked(front, User_Agent="a BadBot/1")
    assert not blocked(front, User_Agent="a badbot/1", Referer="BadBot")
    assert blocked(front, Anything="x in-a-value y")
    assert not blocked(front, in_a_value="x")
    assert blocked(front, X_Secret="")
    assert not blocked(front, X_Secrets="x-secret")
    assert blocked(front, X_Two="a needle")
    assert not blocked(front, X_Three_="a needle")
    assert blocked(front, X_Three="1")
    assert blocked(front, Cookie="a=1; evil=2")
    assert blocked(front, Cookie="a=evil")
    assert not blocked(front, Cookie="a=evil2; evils=1")
    assert blocked(front, Cookie="a=1; session=stolen-1")
    assert not blocked(front, Cookie="other=stolen")
    assert ask(front, method="TRACE").status == 403
    assert ask(front, method="DELETE").status == 403
    assert ask(front, method="POST").status == 200
    assert blocked(front, X_Long="12345678901")
    assert not blocked(front, X_Long="1234567890")


def test_a_body_is_looked_at_up_to_its_limit(put: Put, front: socket.socket) -> None:
    body = Part("body")
    put(blocking(text(body, "evil", "CONTAINS", "LOWERCASE"), Size(body, "EQ", 5)))
    assert ask(front, method="POST", body=b"\0\1%00e\0vil+").status == 403
    assert ask(front, method="POST", body=b"\0\1\0\2\0").status == 403
    assert ask(front, method="POST", body=b"%65vil\0").status == 200
    assert ask(front, method="POST", body=b"an EVIL thing").status == 403
    assert ask(front, method="POST", body=b"12345").status == 403
    assert ask(front, method="POST", body=b"123456").status == 200
    assert ask(front, method="POST", body=b"x" * 8190 + b"evil").status == 200
    assert ask(front, method="GET").status == 200


def test_a_client_that_waits_for_a_word_before_its_body_gets_it(
    put: Put, front: socket.socket
) -> None:
    put(blocking(text(Part("body"), "evil")))
    head = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n"
    for body, status in ((b"evil", b"403"), (b"good", b"200")):
        with socket.create_connection(("127.0.0.1", port(front)), timeout=5) as client:
            client.sendall(head)
            assert client.recv(100).startswith(b"HTTP/1.1 100 ")
            client.sendall(body)
            assert client.recv(100).startswith(b"HTTP/1.1 " + status)


@pytest.mark.parametrize(
    ("oversize", "statuses"), [("MATCH", (403, 200)), ("NO_MATCH", (200, 403))]
)
def test_what_a_body_that_is_too_large_is(
    put: Put, front: socket.socket, oversize: str, statuses: tuple[int, int]
) -> None:
    part = Part("body", oversize="MATCH" if oversize == "MATCH" else "NO_MATCH")
    put(blocking(text(part, "evil")))
    large = b"evil" * 2049 if oversize == "NO_MATCH" else b"good" * 2049
    small = b"evil" * 2048 if oversize == "NO_MATCH" else b"good" * 2048
    assert ask(front, method="POST", body=large).status == statuses[0]
    assert ask(front, method="POST", body=small).status == statuses[1]


def test_the_clients_address_is_in_a_set_that_changes_without_a_new_process(
    put: Put, front: socket.socket, balancer: Balancer
) -> None:
    rule = From("set")
    put(blocking(rule, sets=(AddressSet("set", ("198.51.100.0/24", "2001:db8::/32")),)))
    assert not blocked(front)
    process = pid(balancer)
    many = tuple(f"10.{n // 250}.{n % 250}.0/24" for n in range(1200))
    put(blocking(rule, sets=(AddressSet("set", (*many, "203.0.113.0/28")),)))
    assert blocked(front)
    put(blocking(rule, sets=(AddressSet("set", ()),)))
    assert not blocked(front)
    assert pid(balancer) == process
    put(blocking(Not(rule), sets=(AddressSet("set", ()),)))
    assert blocked(front)


@pytest.mark.parametrize(
    ("forwarded", "matches", "passes"),
    [
        (Forwarded("x-forwarded-for", False), "192.0.2.1, 10.0.0.1", "10.0.0.1, 192.0.2.1"),
        (Forwarded("x-forwarded-for", False, "LAST"), "10.0.0.1, 192.0.2.1", "192.0.2.1, 10.0.0.1"),
        (Forwarded("x-forwarded-for", False, "ANY"), "9.9.9.9, 192.0.2.1, 10.0.0.1", "10.0.0.1"),
        (Forwarded("x-forwarded-for", True), "junk, 192.0.2.1", "10.0.0.1"),
        (Forwarded("x-forwarded-for", False), "192.0.2.1", "junk"),
    ],
)
def test_a_forwarded_address(
    put: Put, front: socket.socket, forwarded: Forwarded, matches: str, passes: str
) -> None:
    sets = (AddressSet("set", ("192.0.2.0/24", f"{CLIENT}/32")),)
    put(blocking(From("set", forwarded), sets=sets))
    assert blocked(front, X_Forwarded_For=matches)
    assert not blocked(front, X_Forwarded_For=passes)
    assert not blocked(front)


def test_a_rate_limits_and_recovers(put: Put, front: socket.socket) -> None:
    put(blocking(Rate("r", 10, 1.0)))
    answers = [blocked(front) for _ in range(15)]
    assert answers == [False] * 10 + [True] * 5
    # what is refused counts too: who goes on asking as fast stays out
    eventually(lambda: not blocked(front), "it recovers", 8, every=0.5)


def test_a_rate_counts_only_its_scope_and_by_what_it_says(put: Put, front: socket.socket) -> None:
    login = text(PATH, "/login", "EXACTLY")
    put(
        blocking(
            Rate("scoped", 5, 60, only=login),
            Rate("forwarded", 3, 60, forwarded=Forwarded("x-real", True)),
            Rate("all", 2, 60, together=True, only=text(PATH, "/all")),
            Rate("fourth", 2, 60, only=AnyOf((text(PATH, "/4"), text(QUERY, "4")))),
        )
    )
    assert not any(blocked(front, "/other") for _ in range(20))
    assert [blocked(front, "/login") for _ in range(7)] == [False] * 5 + [True] * 2
    assert not blocked(front, "/other")
    assert [blocked(front, X_Real="192.0.2.1") for _ in range(5)] == [False] * 3 + [True] * 2
    assert not blocked(front, X_Real="192.0.2.2")
    assert blocked(front, X_Real="nobody")
    assert [blocked(front, "/all") for _ in range(3)] == [False, False, True]
    assert [blocked(front, "/4"), blocked(front, "/?4"), blocked(front, "/4")] == [
        False,
        False,
        True,
    ]


def test_a_change_of_rules_keeps_what_was_counted(
    put: Put, front: socket.socket, balancer: Balancer
) -> None:
    rate = Rate("kept", 5, 60)
    put(blocking(rate))
    assert [blocked(front) for _ in range(6)] == [False] * 5 + [True]
    process = pid(balancer)
    put(blocking(rate, text(PATH, "/other")))
    assert pid(balancer) != process
    assert blocked(front)
    put(blocking(replace(rate, window=30.0)))
    assert not blocked(front)


def test_the_first_rule_that_allows_or_blocks_decides(
    balancer: Balancer, server: NewServer, front: socket.socket
) -> None:
    one = server()
    rules = (
        Rule("count", text(PATH, "/"), Count((("x-amzn-waf-seen", "100% yes"),)), ("ns:seen",)),
        Rule("allow", text(PATH, "/open"), Allow((("x-amzn-waf-open", "1"),))),
        Rule("label", AllOf((Labelled(("ns:seen",)), text(QUERY, "label"))), Block(429)),
        Rule("never", Labelled(("ns:other",)), Block(500)),
        Rule("block", text(QUERY, "x"), Block()),
    )
    spec = replace(one_group(one), firewall=Firewall(rules, Allow((("x-amzn-waf-default", "d"),))))
    balancer.apply(spec, {"http": [front]})
    eventually(lambda: all_healthy(balancer), "healthy")
    assert get(port(front), "/closed?x").status == 403
    assert get(port(front), "/closed?label").status == 429
    allowed = get(port(front), "/open?x&label").json["headers"]
    assert (allowed["x-amzn-waf-open"], allowed["x-amzn-waf-seen"]) == ("1", "100% yes")
    headers = get(port(front), "/closed").json["headers"]
    assert headers["x-amzn-waf-default"] == "d"
    assert "x-amzn-waf-open" not in headers


def test_a_default_that_blocks_lets_in_what_was_allowed(put: Put, front: socket.socket) -> None:
    custom = Block(
        418, (("x-why", "50% no"), ("x-$two", "2")), "application/json", '{"no": "%[src]"}'
    )
    put(Firewall((Rule("in", text(PATH, "/in"), Allow()),), custom))
    assert get(port(front), "/in").status == 200
    refused = get(port(front), "/")
    assert refused.status == 418
    assert refused.json == {"no": "%[src]"}
    assert refused.headers["content-type"] == "application/json"
    assert (refused.headers["x-why"], refused.headers["x-$two"]) == ("50% no", "2")
    assert refused.headers["server"] == "awselb/2.0"


def test_a_block_answers_with_the_load_balancers_page(put: Put, front: socket.socket) -> None:
    put(Firewall((), Block()))
    refused = get(port(front))
    assert refused.status == 403
    assert b"<center><h1>403 Forbidden</h1></center>" in refused.body
    assert refused.headers["content-type"] == "text/html"


def test_a_firewall_that_changes_loses_no_request(put: Put, front: socket.socket) -> None:
    put(blocking(text(PATH, "/nothing")))
    load = Load(port(front))
    try:
        for number in range(5):
            put(blocking(text(PATH, f"/nothing{number}")))
            load.more(50)
    finally:
        load.stop()
    assert load.failures == []

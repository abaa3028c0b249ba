"""The security policies of HTTPS listeners: which protocols and ciphers each one allows.

moto 5.2.5 lacks the FIPS policies and most of the FS ones, and gives Ext1-PQ the ciphers of Ext2.
Source: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html (PQ
policies differ from their classical twins in the key exchange alone). The RFC 9151 policies of 2026
are missing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

DEFAULT = "ELBSecurityPolicy-2016-08"
"""The default of an HTTPS listener."""


@dataclass(frozen=True)
class Policy:
    """A security policy.

    `protocols`: newest first, as ELB writes them. `ciphers`: OpenSSL's names, preferred first.
    `post_quantum`: ELB also offers hybrid ML-KEM key exchange.
    """

    protocols: tuple[str, ...]
    ciphers: tuple[str, ...]
    post_quantum: bool = False
    fips: bool = False


_TLS13 = ("TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256")
_AES128 = tuple(
    f"ECDHE-{key}-AES128-{end}"
    for end in ("GCM-SHA256", "SHA256", "SHA")
    for key in ("ECDSA", "RSA")
)
_AES256 = tuple(
    f"ECDHE-{key}-AES256-{end}"
    for end in ("GCM-SHA384", "SHA384", "SHA")
    for key in ("ECDSA", "RSA")
)
_FORWARD = (*_AES128, *_AES256)
_STATIC = (
    "AES128-GCM-SHA256",
    "AES128-SHA256",
    "AES128-SHA",
    "AES256-GCM-SHA384",
    "AES256-SHA256",
    "AES256-SHA",
)
_FORWARD_SWAPPED = (*_FORWARD[:-2], "ECDHE-RSA-AES256-SHA", "ECDHE-ECDSA-AES256-SHA")
"""The FIPS and FS policies have the last two the other way round."""


def _without_sha1(ciphers: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(one for one in ciphers if not one.endswith("-SHA"))


def _gcm(ciphers: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(one for one in ciphers if "-GCM-" in one)


def _sets(forward: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """Return the ciphers below TLS 1.3 by the part of a policy's name that selects them."""
    return {
        "": _without_sha1(forward),
        "Res": _gcm(forward),
        "Ext0": forward,
        "Ext1": (*_without_sha1(forward), *_without_sha1(_STATIC)),
        "Ext2": (*forward, *_STATIC),
    }


_PROTOCOLS = {
    "1-3": ("TLSv1.3",),
    "1-2": ("TLSv1.3", "TLSv1.2"),
    "1-1": ("TLSv1.3", "TLSv1.2", "TLSv1.1"),
    "1-0": ("TLSv1.3", "TLSv1.2", "TLSv1.1", "TLSv1"),
}


def _tls13(lowest: str, word: str, fips: bool) -> Policy:
    older = _sets(_FORWARD_SWAPPED if fips else _FORWARD)
    word = "Ext2" if lowest in {"1-1", "1-0"} else word
    ciphers = (*(_TLS13[:2] if fips else _TLS13), *(() if lowest == "1-3" else older[word]))
    return Policy(_PROTOCOLS[lowest], ciphers, fips=fips)


def _modern() -> Iterator[tuple[str, Policy]]:
    kinds = [("1-3", ""), ("1-2", ""), ("1-2", "Res"), ("1-2", "Ext2"), ("1-2", "Ext1")]
    for fips, dated in ((False, "2021-06"), (True, "FIPS-2023-04")):
        extra = [("1-2", "Ext0")] if fips else []
        for lowest, word in [*kinds, *extra, ("1-1", ""), ("1-0", "")]:
            stem = "-".join(filter(None, ("ELBSecurityPolicy-TLS13", lowest, word)))
            policy = _tls13(lowest, word, fips)
            yield f"{stem}-{dated}", policy
            if lowest != "1-1":
                name = f"{stem}-FIPS-PQ-2025-09" if fips else f"{stem}-PQ-2025-09"
                yield name, Policy(policy.protocols, policy.ciphers, post_quantum=True, fips=fips)


def _classical() -> Iterator[tuple[str, Policy]]:
    all_three, two, one = ("TLSv1.2", "TLSv1.1", "TLSv1"), ("TLSv1.2", "TLSv1.1"), ("TLSv1.2",)
    sets, swapped = _sets(_FORWARD), _sets(_FORWARD_SWAPPED)
    yield "TLS-1-2-Ext-2018-06", Policy(one, sets["Ext2"])
    yield "TLS-1-2-2017-01", Policy(one, sets["Ext1"])
    yield "TLS-1-1-2017-01", Policy(two, sets["Ext2"])
    yield "2016-08", Policy(all_three, sets["Ext2"])
    yield "FS-1-2-Res-2020-10", Policy(one, swapped["Res"])
    yield "FS-1-2-Res-2019-08", Policy(one, swapped[""])
    yield "FS-1-2-2019-08", Policy(one, swapped["Ext0"])
    yield "FS-1-1-2019-08", Policy(two, swapped["Ext0"])
    yield "FS-2018-06", Policy(all_three, swapped["Ext0"])
    yield "2015-05", Policy(all_three, sets["Ext2"])
    yield "TLS-1-0-2015-04", Policy(all_three, (*sets["Ext2"], "DES-CBC3-SHA"))


POLICIES: Mapping[str, Policy] = MappingProxyType(
    {**dict(_modern()), **{f"ELBSecurityPolicy-{name}": one for name, one in _classical()}}
)
"""Policy by its full name."""

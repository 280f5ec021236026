"""Who asks, proved by a signature that another program checks."""

import base64
import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from charting.cds.trust import KeyUnusable, Signer
from tests.charting.cds.ward import ward

NOW_US = 1_795_501_080_000_000
Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


def pem(key: Key) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def part(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def test_a_token_says_who_asks_whom_and_for_how_long() -> None:
    key = ec.generate_private_key(ec.SECP384R1())
    token = Signer(pem(key), "https://aims.example", "cds-key").token("https://cdss.example/cds", NOW_US, "j1")
    head, said, signature = token.split(".")
    assert json.loads(part(head)) == {"alg": "ES384", "typ": "JWT", "kid": "cds-key"}
    claims = json.loads(part(said))
    assert claims == {
        "iss": "https://aims.example", "aud": "https://cdss.example/cds", "iat": 1_795_501_080, "exp": 1_795_501_380,
        "jti": "j1",
    }  # fmt: skip
    assert claims["exp"] - claims["iat"] <= 300
    raw = part(signature)  # RFC 7518 §3.4: r and s, 48 bytes each
    r, s = (int.from_bytes(raw[n : n + 48], "big") for n in (0, 48))
    key.public_key().verify(encode_dss_signature(r, s), f"{head}.{said}".encode(), ec.ECDSA(hashes.SHA384()))


def test_each_question_is_signed_for_the_very_url_that_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cds-key").write_text(pem(ec.generate_private_key(ec.SECP384R1())))
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    address = ward("https://cdss.example", key="cds-key").support.place("cds:cdss")
    assert address is not None
    url = "https://cdss.example/cds-services/dose"
    token = address.authorize(url)["authorization"].removeprefix("Bearer ")
    assert json.loads(part(token.split(".")[1]))["aud"] == url


def test_an_rsa_key_signs_too() -> None:
    key = rsa.generate_private_key(65537, 2048)
    head, said, signature = Signer(pem(key), "i", "k").token("a", NOW_US, "j").split(".")
    assert json.loads(part(head))["alg"] == "RS384"
    key.public_key().verify(part(signature), f"{head}.{said}".encode(), padding.PKCS1v15(), hashes.SHA384())


@pytest.mark.parametrize("bad", ["", "x", "secret", pem(ec.generate_private_key(ec.SECP256R1()))])
def test_another_key_is_refused(bad: str) -> None:
    with pytest.raises(KeyUnusable):
        Signer(bad, "i", "k")

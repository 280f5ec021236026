"""Who asks: a token signed with our key, made anew for each question (CDS Hooks 2.0, Trusting CDS Clients)."""

import jwt

LIFE_S = 300
"""The longest that the standard lets one live."""
_ALGORITHMS = ("ES384", "RS384")


class KeyUnusable(ValueError):  # noqa: N818  of the configuration, not of the program
    """The key is none that the standard takes."""


class Signer:
    """`pem`: an EC key on P-384 or an RSA key, without a passphrase; `key_id`: by which services know it. Raises
    KeyUnusable.
    """

    def __init__(self, pem: str, issuer: str, key_id: str) -> None:
        self._issuer = issuer
        self._key_id = key_id
        self._key, self._algorithm = _read(pem)

    def token(self, audience: str, now_us: int, jti: str) -> str:
        """`audience`: the URL that is asked; `jti`: another one for each."""
        issued = now_us // 1_000_000
        claims = {"iss": self._issuer, "aud": audience, "iat": issued, "exp": issued + LIFE_S, "jti": jti}
        headers = {"typ": "JWT", "kid": self._key_id}
        return jwt.encode(claims, self._key, algorithm=self._algorithm, headers=headers)


def _read(pem: str) -> tuple[jwt.PyJWK | str, str]:
    for algorithm in _ALGORITHMS:
        try:
            jwt.encode({}, pem, algorithm=algorithm)
        except (jwt.PyJWTError, ValueError, TypeError):
            continue
        return pem, algorithm
    raise KeyUnusable("expected a private key, PEM, without a passphrase: EC on P-384, or RSA")

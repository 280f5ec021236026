"""What `[[inbox.http]]` and `[[inbox.view]]` may say."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from charting.inbox.sources import HttpSection, ViewSection

HTTP = {"name": "bus", "token_sha256": "0" * 64, "template": "json"}
VIEW = {"name": "oplist", "dsn": "host=his user=aims", "query": "select 1", "template": "view"}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"template": "view"}, "has no [answer]"),
        ({"template": "site.toml"}, "expected an absolute path, or one of json, soap, view"),
        ({"template": "/nowhere/site.toml"}, "/nowhere/site.toml"),
        ({"token_sha256": "secret"}, "pattern"),
        ({"name": "a b/c"}, "pattern"),
    ],
)
def test_a_source_that_cannot_be_is_refused(changed: dict[str, str], said: str) -> None:
    with pytest.raises(ValidationError) as refused:
        HttpSection.model_validate(HTTP | changed)
    assert said in str(refused.value)


def test_a_view_keeps_its_password_to_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "view-oplist").write_text("geheim\n", encoding="utf-8")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    view = ViewSection.model_validate(VIEW)
    assert "password=geheim" in view.full_dsn
    assert "geheim" not in repr(view)
    with pytest.raises(ValidationError) as refused:
        ViewSection.model_validate(VIEW | {"dsn": "sqlite:////a.db"})
    assert "not a DSN" in str(refused.value)

"""The manuals on the service's own pages."""

from pathlib import Path

from tests.charting.web.hospital import Hospital


def built(folder: Path) -> Path:
    (folder / "zh" / "img").mkdir(parents=True)
    (folder / "zh" / "index.html").write_text("<h1>手册</h1>", encoding="utf-8")
    (folder / "zh" / "img" / "a.png").write_bytes(b"\x89PNG")
    (folder.parent / "secret.html").write_text("secret")
    return folder


async def test_who_has_signed_in_reads_the_manuals_and_nothing_beside_them(tmp_path: Path) -> None:
    hospital = Hospital(manuals=built(tmp_path / "manuals"))
    async with hospital.client() as nobody:
        assert (await nobody.get("/manual/zh/index.html")).status_code == 303
    async with hospital.client("engineer", "zh") as client:
        assert 'href="/manual">手册' in (await client.get("/workload")).text
        page = await client.get("/manual", follow_redirects=True)
        assert (page.url.path, page.text) == ("/manual/zh/index.html", "<h1>手册</h1>")
        assert page.headers["content-type"].startswith("text/html")
        assert "default-src 'none'" in page.headers["content-security-policy"]
        assert (await client.get("/manual/zh/img/a.png")).headers["content-type"] == "image/png"
        for path in ("zh", "zh/other.html", "../secret.html", "%2e%2e/secret.html", "zh/%2e%2e/%2e%2e/secret.html"):
            answer = await client.get(f"/manual/{path}")
            assert answer.status_code == 404, path
            assert "secret" not in answer.text


async def test_without_manuals_there_is_no_link() -> None:
    async with Hospital().client("engineer") as client:
        assert "/manual" not in (await client.get("/workload")).text
        assert (await client.get("/manual/zh/index.html")).status_code == 404

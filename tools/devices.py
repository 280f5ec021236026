"""Write the table of devices into both READMEs, from what the drivers declare."""

from pathlib import Path

from collector.driver import PARTS, Evidence, Model, drivers
from collector.matrix import cells, lines

TOP = Path(__file__).parents[1]
MARKS = ("<!-- devices -->\n", "<!-- /devices -->")
HEADS = {
    "README.md": ("driver", "devices", "port", *PARTS),
    "README.zh-CN.md": ("驱动", "设备", "端口", "帧", "对话", "数值", "设置", "报警", "波形", "识别"),
}
CHINESE = {
    Evidence.REAL_CAPTURE: "真实抓包",
    Evidence.VENDOR_DOCUMENT: "厂商文档",
    Evidence.OTHER_IMPLEMENTATION: "其他实现",
    Evidence.ASSUMED: "推断",
}


def table(readme: str) -> str:
    """The table of that README, as Markdown: a row per driver, its models by evidence."""
    heads = HEADS[readme]
    rows = [heads, ("---",) * 3 + (":-:",) * len(PARTS)]
    for name, spec in sorted(drivers().items()):
        link = f"[{name}](drivers/{name.replace('-', '_')}/README.md)"
        rows.append((link, _models(spec.models, readme), lines(spec), *cells(spec)))
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _models(models: tuple[Model, ...], readme: str) -> str:
    chinese = readme != "README.md"
    by_evidence = {evidence: [model.name for model in models if model.evidence is evidence] for evidence in Evidence}
    return "<br>".join(
        f"{'、'.join(names) if chinese else ', '.join(names)} ({CHINESE[evidence] if chinese else evidence})"
        for evidence, names in by_evidence.items()
        if names
    )


def with_table(readme: str) -> str:
    """The whole README with its table as it should be."""
    before, _, rest = (TOP / readme).read_text(encoding="utf-8").partition(MARKS[0])
    return before + MARKS[0] + table(readme) + MARKS[1] + rest.partition(MARKS[1])[2]


if __name__ == "__main__":
    for name in HEADS:
        (TOP / name).write_text(with_table(name), encoding="utf-8")

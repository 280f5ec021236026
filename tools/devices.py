"""Write the table of devices into both READMEs, from what the drivers declare."""

from pathlib import Path

from collector.driver import Evidence, drivers

TOP = Path(__file__).parents[1]
MARKS = ("<!-- devices -->\n", "<!-- /devices -->")
HEADS = {
    "README.md": ("driver", "models", "port", "evidence"),
    "README.zh-CN.md": ("驱动", "型号", "端口", "依据"),
}
CHINESE = {
    Evidence.REAL_CAPTURE: "真实抓包",
    Evidence.VENDOR_DOCUMENT: "厂商文档",
    Evidence.OTHER_IMPLEMENTATION: "其他实现",
    Evidence.ASSUMED: "推断",
}


def table(readme: str) -> str:
    """The table of that README, as Markdown."""
    rows = [HEADS[readme], ("---",) * 4]
    for name, spec in sorted(drivers().items()):
        link = f"[{name}](drivers/{name.replace('-', '_')}/README.md)"
        ports = ", ".join(line.scheme for line in spec.lines)
        rows += [
            (link, model.name, ports, model.evidence if readme == "README.md" else CHINESE[model.evidence])
            for model in spec.models
        ]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def with_table(readme: str) -> str:
    """The whole README with its table as it should be."""
    before, _, rest = (TOP / readme).read_text(encoding="utf-8").partition(MARKS[0])
    return before + MARKS[0] + table(readme) + MARKS[1] + rest.partition(MARKS[1])[2]


if __name__ == "__main__":
    for name in HEADS:
        (TOP / name).write_text(with_table(name), encoding="utf-8")

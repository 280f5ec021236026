"""The completeness certificate: what was expected, came, and stands in the record, and every gap with its cause."""

from charting.fill.rules import rules
from charting.fill.types import Gap
from charting.sheet.flow import Flow
from charting.sheet.scene import Scene
from charting.sheet.signals import signal


def evidence(scene: Scene, gap: Gap) -> str:
    """A rule in words, with its name; else what was seen."""
    rule = rules().get(gap.evidence)
    return gap.evidence if rule is None else f"{rule.zh if scene.lang == 'zh' else rule.en} ({rule.name})"


def certificate(scene: Scene, flow: Flow) -> None:
    """On a page of its own. Nothing where the document has none."""
    made = scene.document.certificate
    if made is None:
        return
    flow.need(10_000)
    flow.heading(scene("certificate"), size=34)
    flow.note(scene("certificate.period", start=scene.moment(made.start_us), end=scene.moment(made.end_us)))
    flow.note(scene("filter", filter=made.filter))
    flow.note(scene("certificate.hash", hash=scene.document.certified_hash))
    flow.heading(scene("section.numbers"), size=26)
    rows = []
    for each in made.signals:
        share = f"{100 * each.charted / each.expected:.1f} %" if each.expected else "–"
        rows.append(
            [signal(each.signal).label(scene.lang), str(each.expected), str(each.received), str(each.charted), share]
        )
    titles = [scene(f"certificate.{key}") for key in ("signal", "expected", "received", "charted", "share")]
    flow.table((5, 3, 3, 3, 3), titles, rows, [{"signal": s.signal} for s in made.signals], frozenset({1, 2, 3, 4}))
    if not made.gaps:
        flow.heading(scene("certificate.no_gaps"), size=26)
        return
    flow.heading(scene("certificate.gaps", n=len(made.gaps)), size=26)
    found = []
    for gap in made.gaps:
        sure = scene("certain" if gap.certain else "likely")
        found.append(
            [
                signal(gap.signal).label(scene.lang),
                scene.clock(gap.start_us),
                scene.clock(gap.end_us),
                f"{(gap.end_us - gap.start_us) / 60e6:.0f}",
                f"{scene(f'cause.{gap.cause}')} ({sure})",
                evidence(scene, gap),
            ]
        )
    titles = [scene(f"certificate.{key}") for key in ("signal", "start", "end", "minutes", "cause", "evidence")]
    flow.table((3.4, 2.6, 2.6, 1.5, 4.2, 5), titles, found, [{"gap": g.signal} for g in made.gaps], frozenset({3}))

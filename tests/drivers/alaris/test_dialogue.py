from collector.driver import Simulated
from collector.model import AlarmCondition, Event, Frame, Observation
from drivers.alaris import SPEC
from drivers.alaris.queries import Query
from drivers.alaris.session import AlarisSession
from drivers.alaris.simulator import AlarisSimulator
from drivers.patient import Patient

STEP_S = 0.05


class Link:
    """A session and a simulated pump; `asked`: (time, question)."""

    def __init__(self, **knobs: object) -> None:
        self.pump = AlarisSimulator(Simulated(patient=Patient("stable", 1)), **knobs)  # type: ignore[arg-type]
        self.session = AlarisSession(SPEC.options())
        self.asked: list[tuple[float, str]] = []
        self.said: list[Event] = []
        self.heard: list[Event] = []

    def run(self, start_s: float, until_s: float) -> "Link":
        for step in range(round((until_s - start_s) / STEP_S)):
            now = round(start_s + step * STEP_S, 3)
            due = self.session.deadline()
            if due is not None and due <= now:
                self.session.expire(now)
                after = self.session.deadline()
                assert after is not None
                assert after > now
            out = self.session.outgoing()
            assert out.count(b"\r") <= 1
            if out:
                self.asked.append((now, out[1:].decode().partition("|")[0]))
            self.said += self.pump.receive(out, now)
            self.heard += self.session.receive(self.pump.outgoing(), now)
        return self

    def names(self, start_s: float = 0.0) -> list[str]:
        return [name for now, name in self.asked if now >= start_s]


def values(events: list[Event]) -> list[tuple[str, object]]:
    return [(o.channel.source, o.value) for o in events if isinstance(o, Observation)]


def test_rounds_of_questions_one_at_a_time() -> None:
    link = Link().run(0.0, 6.0)
    slow = ["INST_SERIALNO", "COMMS_PROTOCOL", "SYRINGE_STATUS", "INF_RATE_MAX_SYRINGE"]
    assert link.names() == [*slow, *(["INF", "INF_VTBI", "INF_RATE"] * 3)]
    assert [now for now, name in link.asked if name == "INF"][1:] == [2.0, 4.0]
    again = link.run(6.0, 125.0)
    assert again.names().count("INST_SERIALNO") == 3
    assert "INF_VI" not in again.names()
    assert values(link.heard) == values(link.said)


def test_an_answer_that_does_not_come_is_asked_for_once_more() -> None:
    link = Link(silent_s=((0.0, 3.2),)).run(0.0, 3.2)
    assert link.asked[:5] == [
        (0.0, "INST_SERIALNO"), (0.5, "INST_SERIALNO"),
        (1.0, "COMMS_PROTOCOL"), (1.5, "COMMS_PROTOCOL"), (2.0, "SYRINGE_STATUS"),
    ]  # fmt: skip


def test_a_pump_that_is_switched_on_late_or_comes_back_is_asked_for_all() -> None:
    link = Link(silent_s=((0.0, 20.0), (40.0, 70.0))).run(0.0, 100.0)
    assert {source for source, _ in values(link.heard)} >= {"INF.4", "INF_RATE.1", "INF_VTBI.2", "SYRINGE_STATUS.2"}
    kinds = [e.kind for e in link.heard if isinstance(e, Frame)]
    assert kinds.count("INST_SERIALNO") >= 2
    assert kinds.count("SYRINGE_STATUS") >= 2


def test_a_question_that_the_pump_does_not_have_is_left_out_for_a_minute_and_the_volume_asked_alone() -> None:
    link = Link(unknown=(Query.INFUSION,)).run(0.0, 58.0)
    assert link.names().count("INF") == 4
    assert link.names().count("INF_VI") >= 24
    assert any(source == "INF_VI.1" for source, _ in values(link.heard))
    assert "INF" in link.run(58.0, 70.0).names(58.0)


def test_a_question_that_was_answered_before_is_never_left_out() -> None:
    link = Link().run(0.0, 10.0)
    link.pump = AlarisSimulator(Simulated(patient=Patient("stable", 1)), unknown=(Query.INFUSION,))
    assert link.run(10.0, 20.0).names(10.0).count("INF") == 10
    assert "INF_VI" not in link.names()


def test_an_occlusion_stops_the_flow_and_is_an_alarm() -> None:
    link = Link(occluded_s=((10.0, 20.0),)).run(0.0, 30.0)
    rates = [value for source, value in values(link.heard) if source == "INF.4"]
    assert rates.count(0.0) == 5
    assert 0.0 not in (rates[0], rates[-1])
    assert [e.phase for e in link.heard if isinstance(e, AlarmCondition)] == ["start", "end"]
    volumes = [value for source, value in values(link.heard) if source == "INF.7"]
    assert len(set(volumes[5:10])) == 1
    assert volumes[0] != volumes[4] != volumes[5] != volumes[-1]


def test_after_the_farewell_nothing_is_asked() -> None:
    link = Link().run(0.0, 2.5)
    link.session.close(2.5)
    assert link.session.deadline() is None
    link.session.expire(100.0)
    assert link.session.outgoing() == b""

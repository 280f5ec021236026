"""What every place does where messages are kept. A test class gives the fixture `messages`, empty."""

from dataclasses import replace

from charting.inbox.events import Booking, Code, HospitalEvent, Kind, Person, Place
from charting.inbox.messages import Done, Event, Messages
from charting.inbox.operations import Operation


def never(_: bytes) -> bool:
    return False


def event(key: str, kind: Kind = "transfer", **said: object) -> HospitalEvent:
    return HospitalEvent(kind=kind, key=key, occurred_us=5, recorded_us=7, **said)  # type: ignore[arg-type]


BOOKED = Booking(
    id="SS-1",
    place=Place(told="OR^OR3", bed="OR-03", area="or"),
    start_us=1_000,
    minutes=90,
    procedures=(Code(code="51.23", text="胆囊切除", system="ICD9CM"),),
    staff=(Person(name="李", role="surgeon", told_role="SURGEON", id="D1"),),
    urgent=False,
    note="a\0b ☃",
)


class MessagesContract:
    def test_a_message_is_kept_once_under_its_key(self, messages: Messages) -> None:
        assert messages.keep("his", "1", b"MSH|\xff\0", never) == (1, "new")
        assert messages.keep("his", "1", b"MSH|\xff\0", never) == (1, "same")
        assert messages.keep("other", "1", b"MSH|\xff\0", never) == (2, "new")
        assert messages.keep("his", "1", b"another", never) == (3, "other")
        assert messages.keep("his", "1", b"another", never) == (3, "same")
        assert messages.keep("his", "1", b"alike", lambda body: body == b"another") == (3, "same")
        assert messages.keep("his", "10", b"ten", never) == (4, "new")
        assert messages.keep("his", "1", b"third", never) == (5, "other")
        assert messages.keep("his", "1$", b"money", never) == (6, "new")
        assert messages.keep("his", "%", b"part", never) == (7, "new")
        first, last = messages.find(1), messages.find(5)
        assert first is not None
        assert last is not None
        assert (first.key, first.body, first.state) == ("1", b"MSH|\xff\0", "new")
        assert last.key == "1#3"
        assert messages.find(8) is None

    def test_it_is_settled_found_and_counted(self, messages: Messages) -> None:
        for n in range(3):
            messages.keep("his", str(n), str(n).encode(), never)
        first = messages.find(1)
        assert first is not None
        done = (Done(key="inbox.did.opened", params={"bed": "OR-03"}), Done(key="refused:busy"))
        settled = replace(
            first, kind="ADT^A02", occurred_us=5, number="P1", visit="V1", case="c", state="waiting", done=done
        )
        messages.settle(settled)
        assert messages.find(1) == settled
        assert [m.seq for m in messages.of_state("new")] == [2, 3]
        assert [m.seq for m in messages.of_state("new", 1)] == [2]
        assert [m.seq for m in messages.of_state("new", after=2)] == [3]
        assert [m.seq for m in messages.latest()] == [3, 2, 1]
        assert [m.seq for m in messages.latest(before=3, limit=1)] == [2]
        assert [m.seq for m in messages.latest(state="waiting")] == [1]
        assert [m.seq for m in messages.latest(text="V1")] == [1]
        assert [m.seq for m in messages.latest(text="A02")] == [1]
        assert [m.seq for m in messages.latest(text="%")] == []
        assert messages.counts() == {"new": 2, "waiting": 1}

    def test_what_was_read_is_found_by_whom_it_is_of(self, messages: Messages) -> None:
        moved = event("his/1", number="P1", visit="V1", place=Place(told="OR^☃"), patient={"name": "王芳", "sex": ""})
        merged = event("his/2", kind="merge", number="P2", old_number="P1")
        booked = event("his/3", kind="book", number="P3", booking=BOOKED)
        messages.read(1, [moved])
        messages.read(2, [merged, booked])
        assert messages.of_visit("V1") == [Event(seq=1, event=moved)]
        assert messages.of_visit("V2") == []
        assert [e.event for e in messages.of_numbers({"P1"})] == [moved, merged]
        assert [e.event.key for e in messages.of_numbers({"P3", "P2"})] == ["his/2", "his/3"]
        assert [e.event.key for e in messages.of_booking("SS-1")] == ["his/3"]
        assert messages.of_numbers(set()) == []

    def test_what_is_read_again_stands_in_its_place(self, messages: Messages) -> None:
        messages.read(1, [event("his/1", visit="V1"), event("his/2", visit="V1")])
        messages.read(1, [event("his/1", visit="V2")])
        assert messages.of_visit("V1") == []
        assert [e.event.key for e in messages.of_visit("V2")] == ["his/1"]
        messages.read(1, [])
        assert messages.of_visit("V2") == []

    def test_an_operation_keeps_its_case(self, messages: Messages) -> None:
        made = Operation(
            id="SS-1", state="booked", number="P1", patient={"name": "王芳"}, place=BOOKED.place, start_us=1_000,
            procedures=tuple(BOOKED.procedures), staff=tuple(BOOKED.staff), urgent=False,
        )  # fmt: skip
        messages.put(made)
        assert messages.operation("SS-1") == made
        assert messages.operation("SS-2") is None
        messages.begin("SS-1", "c1")
        messages.put(replace(made, state="cancelled", start_us=2_000))
        assert messages.operation("SS-1") == replace(made, state="cancelled", start_us=2_000, case="c1")
        messages.put(replace(made, id="SS-0", start_us=1_500))
        messages.put(replace(made, id="SS-9", start_us=None))
        assert [op.id for op in messages.operations(1_000, 2_001)] == ["SS-0", "SS-1"]
        assert [op.id for op in messages.operations(1_501, 2_000)] == []

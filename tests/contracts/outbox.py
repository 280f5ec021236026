"""What every outbox does. A test class gives the fixtures `outbox`, empty, and `clock`, by which it keeps."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from charting.outbox.parcel import Parcel, State
from charting.outbox.post import LOG_LINES, Post, Queue
from tests.charting.clock import Clock

FULL = Parcel(
    key="charge:a:1 ☃",
    to="his",
    kind="DFT^P03",
    body="MSH|^~\\&|王珅\r".encode("gb18030") + b"\x00\xff",
    control="C1",
    content_type="application/hl7-v2",
    path="/in?x=1",
    lane="a",
    case="a",
    until_us=2_000_000_000_000_000,
)


def parcel(key: str, lane: str = "", to: str = "his", **said: object) -> Parcel:
    return Parcel(**{"key": key, "to": to, "kind": "ORU^R01", "body": b"x", "lane": lane, **said})  # type: ignore[arg-type]


def put(outbox: Post, *names: str) -> None:
    """Parcels named as lane and number: "a1"; "-1" is one without a lane."""
    outbox.put([parcel(name, name[0].strip("-")) for name in names])


def due(outbox: Post, to: str = "his") -> Sequence[str]:
    return [line.key for line in outbox.due(to, 100)]


class OutboxContract:
    def test_what_is_put_is_found_as_it_was(self, outbox: Post, clock: Clock) -> None:
        assert list(outbox.put([FULL])) == [FULL.key]
        sent = outbox.find(FULL.key)
        assert sent is not None
        assert sent.parcel == FULL
        assert (sent.state, sent.made_us, sent.next_us) == (State.WAITING, clock.at_us, clock.at_us)
        assert (sent.attempts, sent.reason, sent.answer, sent.answered_us, tuple(sent.log)) == (0, "", b"", None, ())
        assert outbox.find("other") is None

    def test_a_known_key_is_not_kept_again(self, outbox: Post) -> None:
        put(outbox, "a1")
        second = replace(parcel("a1"), body=b"other")
        assert list(outbox.put([second, parcel("a2"), parcel("a2"), parcel("a3")])) == ["a2", "a3"]
        assert [outbox.find(key).parcel.body for key in ("a1", "a2")] == [b"x", b"x"]  # type: ignore[union-attr]
        assert outbox.put([]) == []
        assert outbox.states() == {("his", State.WAITING): 3}

    def test_many_put_at_once_and_each_is_kept_once(self, outbox: Post) -> None:
        with ThreadPoolExecutor(4) as threads:
            made = threads.map(lambda n: outbox.put([parcel(f"k{i}") for i in range(n, n + 5)]), range(8))
        assert sorted(key for keys in made for key in keys) == sorted(f"k{i}" for i in range(12))
        seqs = [sent.seq for sent in outbox.due("his", 100)]
        assert len(seqs) == len(set(seqs)) == 12
        assert seqs == sorted(seqs)

    def test_who_listens_is_told_of_what_may_have_become_due(self, outbox: Post) -> None:
        told: list[Sequence[str]] = []
        outbox.listen(lambda: told.append(due(outbox)))
        put(outbox, "a1", "a2")
        outbox.park("a1", "AE")
        outbox.resend("a1", "eng", "")
        outbox.withdraw("a1", "eng", "")
        assert told == [["a1", "a2"], ["a1", "a2"], ["a2"]]

    def test_of_a_case_in_the_order_of_their_making(self, outbox: Post) -> None:
        outbox.put([parcel("b", case="x"), parcel("a", case="x", to="lis"), parcel("c", case="y")])
        assert [sent.parcel.key for sent in outbox.of_case("x")] == ["b", "a"]

    def test_one_that_waits_or_is_parked_holds_up_those_behind_it_in_its_lane(self, outbox: Post, clock: Clock) -> None:
        put(outbox, "a1", "b1", "a2", "-1", "a3", "-2")
        assert due(outbox) == ["a1", "b1", "a2", "-1", "a3", "-2"]
        assert [(line.key, line.size) for line in outbox.due("his", 2)] == [("a1", 1), ("b1", 1)]
        outbox.again("a2", clock.at_us + 1_000_000, "no answer")
        outbox.again("-1", clock.at_us + 2_000_000, "no answer")
        assert due(outbox) == ["a1", "b1", "-2"]
        outbox.park("b1", "AE")
        assert due(outbox) == ["a1", "-2"]
        clock.go(1)
        assert due(outbox) == ["a1", "-2", "a2", "a3"]
        outbox.park("a1", "AE")
        assert due(outbox) == ["-2"]
        outbox.answer("a1", b"", told=True)
        outbox.withdraw("a2", "li", "")
        assert due(outbox) == ["a3", "-2"]
        assert due(outbox, "lis") == []

    def test_who_has_waited_longest_comes_first_but_not_before_others_of_its_lane(
        self, outbox: Post, clock: Clock
    ) -> None:
        put(outbox, "a1", "a2", "b1", "-1", "-2")
        for wait_us, key in ((40, "a1"), (10, "a2"), (20, "b1"), (30, "-2")):
            outbox.again(key, clock.at_us + wait_us, "")
        clock.go(1)
        assert due(outbox) == ["-1", "b1", "-2", "a1", "a2"]

    def test_lanes_of_two_destinations_do_not_touch(self, outbox: Post) -> None:
        outbox.put([parcel("a1", "a"), parcel("a2", "a", to="lis")])
        outbox.park("a1", "AE")
        assert (due(outbox), due(outbox, "lis")) == ([], ["a2"])

    def test_what_is_open_is_counted_by_destination(self, outbox: Post, clock: Clock) -> None:
        assert outbox.queues() == {}
        since_us = clock.at_us
        outbox.put([parcel("a"), parcel("b"), parcel("c"), parcel("d", to="lis"), parcel("e", to="pacs")])
        outbox.park("a", "AE")
        clock.go(5)
        outbox.again("b", clock.at_us + 7, "")
        outbox.again("c", clock.at_us + 3, "")
        outbox.park("d", "AR")
        outbox.answer("e", b"", told=True)
        assert outbox.queues() == {
            "his": Queue(waiting=2, parked=1, oldest_us=since_us),
            "lis": Queue(waiting=0, parked=1, oldest_us=None),
        }
        assert outbox.ready() == {"his": clock.at_us + 3}
        assert outbox.states() == {
            ("his", State.PARKED): 1,
            ("his", State.WAITING): 2,
            ("lis", State.PARKED): 1,
            ("pacs", State.ANSWERED): 1,
        }

    def test_an_attempt_is_counted_before_it_and_its_end_kept(self, outbox: Post, clock: Clock) -> None:
        put(outbox, "a1")
        begun = outbox.begin("a1")
        assert begun is not None
        assert (begun, begun.attempts) == (outbox.find("a1"), 1)
        clock.go(10)
        outbox.again("a1", clock.at_us + 500, "no answer")
        assert outbox.begin("a1")
        clock.go(10)
        outbox.again("a1", clock.at_us + 900, "no answer")
        assert outbox.begin("a1")
        outbox.answer("a1", b"MSA\xff\x00", told=True)
        sent = outbox.find("a1")
        assert sent is not None
        assert (sent.state, sent.attempts, sent.answer, sent.reason) == (State.ANSWERED, 3, b"MSA\xff\x00", "")
        assert sent.answered_us == clock.at_us
        first_us = clock.at_us - 10_000_000
        assert list(sent.log) == [(first_us, "unanswered: no answer", ""), (clock.at_us, "answered", "")]
        assert not outbox.begin("a1")
        assert not outbox.begin("other")

    def test_a_log_does_not_grow_for_ever(self, outbox: Post) -> None:
        put(outbox, "a1")
        for n in range(LOG_LINES + 20):
            outbox.again("a1", n, f"{n}")
        sent = outbox.find("a1")
        assert sent is not None
        assert [what for _, what, _ in sent.log] == [
            "unanswered: 0", *(f"unanswered: {n}" for n in range(21, LOG_LINES + 20)),
        ]  # fmt: skip

    def test_a_person_sends_again_or_gives_up(self, outbox: Post, clock: Clock) -> None:
        put(outbox, "a1", "a2")
        outbox.begin("a1")
        outbox.park("a1", "AE unknown code", b"MSA|AE")
        sent = outbox.find("a1")
        assert sent is not None
        assert (sent.state, sent.reason, sent.answer) == (State.PARKED, "AE unknown code", b"MSA|AE")
        clock.go(1)
        assert outbox.resend("a1", "eng", "code added")
        assert due(outbox) == ["a1", "a2"]
        outbox.park("a1", "AE unknown code")
        assert outbox.withdraw("a1", "eng", "")
        assert due(outbox) == ["a2"]
        sent = outbox.find("a1")
        assert sent is not None
        assert sent.state is State.WITHDRAWN
        assert [(what, by) for _, what, by in sent.log] == [
            ("parked: AE unknown code", ""), ("resent: code added", "eng"), ("parked: AE unknown code", ""),
            ("withdrawn", "eng"),
        ]  # fmt: skip
        assert not outbox.withdraw("a1", "eng", "")
        assert outbox.resend("a1", "eng", "")
        assert not outbox.withdraw("other", "eng", "")
        assert not outbox.resend("other", "eng", "")

    def test_what_was_withdrawn_while_it_was_under_way_was_received_all_the_same(self, outbox: Post) -> None:
        put(outbox, "a1", "a2")
        outbox.begin("a1")
        outbox.withdraw("a1", "eng", "")
        outbox.withdraw("a2", "eng", "")
        outbox.answer("a1", b"", told=True)
        outbox.again("a2", 0, "no answer")
        outbox.park("a2", "AE")
        assert outbox.states() == {("his", State.ANSWERED): 1, ("his", State.WITHDRAWN): 1}

    def test_what_is_late_does_not_leave(self, outbox: Post, clock: Clock) -> None:
        outbox.put([
            parcel("a", "l", until_us=clock.at_us + 1_000_000), parcel("b", "l", until_us=clock.at_us + 1_000_001),
            parcel("c", "l"), parcel("d", until_us=clock.at_us),
        ])  # fmt: skip
        outbox.park("d", "AE")
        assert outbox.expire() == []
        clock.go(1)
        assert due(outbox) == ["b", "c"]
        assert not outbox.begin("a")
        assert [(line.key, line.state) for line in outbox.expire()] == [("a", State.EXPIRED)]
        assert due(outbox) == ["b", "c"]
        assert not outbox.resend("a", "eng", "")
        assert [sent.log[-1][1] for sent in (outbox.find("a"),) if sent] == ["expired"]

    def test_who_waits_for_answers_is_told_until_he_has_them(self, outbox: Post) -> None:
        put(outbox, "a1", "a2", "a3")
        outbox.answer("a2", b"2", told=False)
        outbox.answer("a1", b"1", told=False)
        outbox.answer("a3", b"3", told=True)
        assert [(sent.parcel.key, sent.answer) for sent in outbox.untold(10)] == [("a1", b"1"), ("a2", b"2")]
        assert [sent.parcel.key for sent in outbox.untold(1)] == ["a1"]
        outbox.tell("a1")
        assert [sent.parcel.key for sent in outbox.untold(10)] == ["a2"]

    def test_a_list_is_newest_first_and_can_be_searched(self, outbox: Post) -> None:
        outbox.put([
            parcel("charge:1", control="CTRL1", case="case-x"), parcel("doc:2", to="lis", body=b"12345"),
            parcel("charge:3", kind="DFT^P03"),
        ])  # fmt: skip
        outbox.park("charge:3", "AE")
        assert [(line.key, line.size) for line in outbox.lines()] == [("charge:3", 1), ("doc:2", 5), ("charge:1", 1)]
        assert [line.key for line in outbox.lines(limit=1)] == ["charge:3"]
        assert [line.key for line in outbox.lines(before=outbox.lines()[0].seq)] == ["doc:2", "charge:1"]
        assert [line.key for line in outbox.lines(to="lis")] == ["doc:2"]
        assert [line.key for line in outbox.lines(state=State.PARKED)] == ["charge:3"]
        for text, found in (("charge:", ["charge:3", "charge:1"]), ("CTRL", ["charge:1"]), ("DFT", ["charge:3"]),
                            ("case-", ["charge:1"]), ("%", []), ("x\0", [])):  # fmt: skip
            assert [line.key for line in outbox.lines(text=text)] == found
        line = outbox.lines(state=State.PARKED)[0]
        assert (line.to, line.kind, line.reason, line.attempts) == ("his", "DFT^P03", "AE", 0)

    def test_what_is_old_and_done_with_is_let_go_of(self, outbox: Post, clock: Clock) -> None:
        far_us = clock.at_us + 10**12
        outbox.put([parcel("a"), parcel("b", until_us=far_us), parcel("c"), parcel("d"), parcel("e", until_us=far_us)])
        for key in "abe":
            outbox.answer(key, b"ok", told=key != "e")
        outbox.park("c", "AE")
        clock.go(1)
        outbox.put([parcel("f")])
        outbox.answer("f", b"ok", told=True)
        assert outbox.forget(clock.at_us) == 2
        assert outbox.forget(clock.at_us) == 0
        found = {key: outbox.find(key) for key in "abcdef"}
        assert {key: sent and (sent.parcel.body, sent.answer) for key, sent in found.items()} == {
            "a": (b"", b""), "b": None, "c": (b"x", b""), "d": (b"x", b""), "e": (b"x", b"ok"), "f": (b"x", b"ok"),
        }  # fmt: skip
        assert outbox.put([parcel("a")]) == []
        assert not outbox.resend("a", "eng", "")

    @pytest.mark.parametrize("text", ["\0", "☃ 'x' \\ \"", "\ud800"])
    def test_any_text_can_be_kept(self, outbox: Post, text: str) -> None:
        put(outbox, "a1")
        outbox.park("a1", text)
        assert outbox.resend("a1", "eng", text)
        sent = outbox.find("a1")
        assert sent is not None
        assert len(sent.log) == 2

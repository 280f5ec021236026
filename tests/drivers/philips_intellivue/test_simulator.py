"""The simulated monitor (fact sheet §14), also with clients of another's making."""

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from struct import pack

import pytest

from collector.driver import Simulated
from drivers.philips_intellivue import association
from drivers.philips_intellivue.association import Profile, profile
from drivers.philips_intellivue.frames import Datagrams, Serial
from drivers.philips_intellivue.pdu import (
    ALARM_MONITOR,
    MDS,
    NUMERIC,
    PATIENT,
    WAVE,
    WAVE_LIST,
    Command,
    Poll,
    RemoteOperation,
    attribute_list,
    poll,
    remote,
)
from drivers.philips_intellivue.requests import extended_poll, get_list, mds_create_result, set_list, single_poll
from drivers.philips_intellivue.simulator import IntelliVueSimulator
from tests.drivers.philips_intellivue import vectors as v
from tests.drivers.philips_intellivue.link import simulated
from tests.shared import capture

ASKED = Profile(min_poll_ticks=0, max_rx=1364, max_tx=1364, ext_options=0x8C000000)


class Bench:
    """A simulator and what it answers, unframed."""

    def __init__(self, device: IntelliVueSimulator, *, datagrams: bool = True) -> None:
        self.device = device
        self.now = 0.0
        self._wrap = (Datagrams() if datagrams else Serial()).wrap
        self._datagrams = datagrams

    def ask(self, *payloads: bytes) -> list[bytes]:
        for payload in payloads:
            self.device.receive(self._wrap(payload), self.now)
        return self.answers()

    def wait(self, seconds: float) -> list[bytes]:
        self.now += seconds
        self.device.expire(self.now)
        return self.answers()

    def answers(self) -> list[bytes]:
        found: list[bytes] = []
        while data := self.device.outgoing():
            found += [p.payload for p in (Datagrams() if self._datagrams else Serial()).feed(data)]
        return found


def bench(*, datagrams: bool = True, associate: bool = True, device: IntelliVueSimulator | None = None) -> Bench:
    one = Bench(device or IntelliVueSimulator(simulated(datagrams=datagrams)), datagrams=datagrams)
    if associate:
        one.ask(association.request(ASKED), mds_create_result(1, 0))
    return one


def polls(payloads: Sequence[bytes]) -> list[Poll]:
    found = [remote(p) for p in payloads if p[0] == 0xE1]
    return [
        poll(r.body)
        for r in found
        if r.operation is not RemoteOperation.INVOKE and r.command == Command.CONFIRMED_ACTION
    ]


def labels(payload: bytes) -> list[int]:
    found, _ = attribute_list(remote(payload).body, 6)
    value = found[WAVE_LIST]
    return [int.from_bytes(value[at : at + 4], "big") for at in range(4, len(value), 4)]


@pytest.mark.parametrize(
    ("name", "gap_s"),
    [
        ("rs232-msick2-client-1", 0.0),
        ("rs232-msick2-client-1", 1.0),
        ("rs232-msick2-client-5_kibon", 0.3),
    ],
)
def test_a_real_client_gets_every_answer(name: str, gap_s: float) -> None:
    """Association, confirmation, SET and polls with poll number 3 throughout (SOURCES.md §3)."""
    requests = [p.payload for p in Serial().feed(capture("intellivue", f"{name}.repaired.bin").read_bytes())]
    one = bench(datagrams=False, associate=False)
    got: list[bytes] = []
    for request in requests:
        got += one.wait(gap_s) + one.ask(request)
    assert Counter(p[0] for p in got if p[0] != 0xE1) == {0x0E: 1}
    assert profile(next(p for p in got if p[0] == 0x0E)).max_rx == 700
    assert sum(remote(p).operation is RemoteOperation.INVOKE for p in got if p[0] == 0xE1) == 1
    wanted = [remote(p) for p in requests if p[0] == 0xE1 and remote(p).operation is RemoteOperation.INVOKE]
    answered = [remote(p) for p in got if p[0] == 0xE1 and remote(p).operation is RemoteOperation.RESULT]
    first = [a for a in answered if a.command != Command.CONFIRMED_ACTION or poll(a.body).sequence == 0]
    assert [(w.command, w.invoke_id) for w in wanted] == [(a.command, a.invoke_id) for a in first]
    for asked, answer in zip(wanted, first, strict=True):
        if asked.command == Command.CONFIRMED_SET:
            assert answer.body[6:] == b"\0\1" + pack(">H", len(asked.body) - 16) + asked.body[16:]
        else:
            result = poll(answer.body)
            assert (result.poll_number, result.object_class) == (3, int.from_bytes(asked.body[18:20], "big"))
    assert all(len(p) <= 700 for p in got if p[0] == 0xE1)


def test_a_whole_real_client_in_one_read() -> None:
    data = capture("intellivue", "rs232-msick2-client-5_kibon.repaired.bin").read_bytes()
    device = IntelliVueSimulator(Simulated(patient=simulated(datagrams=False).patient))
    device.receive(data, 0.0)
    answers = 0
    while out := device.outgoing():
        answers += sum(not piece.reason for piece in Serial().feed(out))
    assert answers >= 2 + 998


def test_what_is_granted() -> None:
    for asked, granted in (
        (Profile(min_poll_ticks=2500, max_rx=1000, max_tx=1000, ext_options=0x80000000), (4000, 1000, 0x80000000)),
        (
            Profile(min_poll_ticks=320000, max_rx=12288, max_tx=12288, ext_options=0x8C000000),
            (320000, 1456, 0x8C000000),
        ),
        (Profile(min_poll_ticks=0, max_rx=700, max_tx=700, ext_options=0x08000000), (4000, 700, 0)),
    ):
        answer, _ = bench(associate=False).ask(association.request(asked))
        found = profile(answer)
        assert (found.min_poll_ticks, found.max_rx, found.ext_options) == granted


def test_a_request_with_long_length_forms_is_served() -> None:
    """VSCaptureMP sends 82 00 80 for 128 bytes, and LI as FF and two bytes (§3)."""
    short = association.request(ASKED)
    head, information = short[: short.index(b"\x02\x01\x02\x81") + 4], short[-88:-16]
    objects = (1, 0x21, 1), (1, 6, 201), (1, 9, 60), (1, 0x2A, 1), (1, 0x36, 1)
    instances = b"".join(pack(">HHI", *one) for one in objects)
    support = pack(">HH", 0x0102, 4 + len(instances)) + pack(">HH", 5, 40) + instances
    grown = information[:24] + pack(">HH", 2, len(information) - 28 + len(support)) + information[28:] + support
    body = head[4 + 14 :] + b"\x82" + pack(">H", len(grown)) + grown + bytes(16)
    content = short[2:16] + b"\xc1\xff" + pack(">H", len(body)) + body
    answer, created = bench(associate=False).ask(b"\x0d\xff" + pack(">H", len(content)) + content)
    assert (answer[0], profile(answer).ext_options) == (0x0E, 0x8C000000)
    assert remote(created).command == Command.CONFIRMED_EVENT_REPORT


def test_mds_create_comes_again_three_times_and_then_the_association_is_aborted() -> None:
    one = bench(associate=False)
    one.ask(association.request(ASKED))
    times = []
    for tenth in range(1, 130):
        times += [(tenth / 10, p[0]) for p in one.wait(0.1)]
    assert [kind for _, kind in times] == [0xE1, 0xE1, 0xE1, 0x19]
    assert [t for t, _ in times] == pytest.approx([3.1, 6.2, 9.3, 10.0], abs=0.4)


def test_a_release_before_the_confirmation_is_ignored() -> None:
    one = bench(associate=False)
    one.ask(association.request(ASKED))
    assert one.ask(association.RELEASE_REQUEST) == []
    assert one.ask(mds_create_result(1, 0), association.RELEASE_REQUEST) == [v.RELEASED]


def test_a_client_that_is_silent_is_aborted_though_results_flow() -> None:
    one = bench()
    one.ask(extended_poll(2, NUMERIC, 0, 60.0))
    kinds = [(round(one.now, 1), p[0]) for _ in range(120) for p in one.wait(0.1)]
    aborted = [t for t, kind in kinds if kind == 0x19]
    assert len(aborted) == 1
    assert aborted[0] == pytest.approx(10.0, abs=0.3)
    assert kinds[-1][1] == 0x19


def test_a_client_that_repeats_its_association_and_configuration_is_served() -> None:
    one = bench()
    for _ in range(3):
        one.ask(single_poll(5, NUMERIC, 0))
        first, second = one.ask(association.request(ASKED))
        assert (first[0], remote(second).command) == (0x0E, Command.CONFIRMED_EVENT_REPORT)
        (echo,) = one.ask(mds_create_result(1, 0), set_list(5, WAVE_LIST, (0x00020102,)))
        assert labels(echo) == [0x00020102]
        assert polls(one.ask(extended_poll(5, NUMERIC, 0, 30.0)))[0].sequence == 0


def test_a_client_that_left_without_release_is_served_when_it_comes_back() -> None:
    one = bench()
    one.ask(extended_poll(5, NUMERIC, 0, 600.0))
    one.wait(3.0)
    assert [p[0] for p in one.ask(association.request(ASKED))] == [0x0E, 0xE1]
    one.ask(mds_create_result(1, 0))
    assert polls(one.wait(1.1)) == []


def test_refusals() -> None:
    device = IntelliVueSimulator(simulated(datagrams=True), refusals=2)
    one = bench(associate=False, device=device)
    assert [one.ask(association.request(ASKED))[0][0] for _ in range(3)] == [0x0C, 0x0C, 0x0E]


def test_single_polls_are_answered_with_the_next_cycle() -> None:
    one = bench()
    assert one.ask(single_poll(9, PATIENT, 0x0807)) == []
    (answer,) = polls(one.wait(1.024))
    assert (answer.poll_number, answer.sequence, answer.object_class) == (9, None, PATIENT)


def test_an_extended_poll_runs_for_its_period_and_is_replaced_by_the_next() -> None:
    one = bench()
    found = polls(one.ask(extended_poll(2, NUMERIC, 0x0803, 2.0))) + polls(one.wait(5.0))
    assert sorted({p.sequence for p in found if p.sequence is not None}) == [0, 1]
    found = polls(one.ask(extended_poll(3, NUMERIC, 0x0803, 60.0))) + polls(one.wait(2.0))
    assert {p.poll_number for p in found} == {3}
    assert found[0].sequence == 0


def test_4_4_the_first_wave_result_has_context_and_no_samples() -> None:
    one = bench()
    first = polls(one.ask(extended_poll(2, WAVE, 0, 60.0)))
    assert {p.sequence for p in first} == {0}
    entries = [e for p in first for e in p.entries]
    assert entries
    assert not any(e.arrays for e in entries)
    assert all(0x096D in e.attributes for e in entries)


@pytest.mark.parametrize(("datagrams", "blocks"), [(True, [4]), (False, [1, 1, 1, 1])])
def test_waves_come_in_bursts_on_lan_and_one_by_one_on_rs232(datagrams: bool, blocks: list[int]) -> None:
    one = bench(datagrams=datagrams)
    one.ask(set_list(2, WAVE_LIST, (0x00024BB4,)), extended_poll(3, WAVE, 0, 60.0))
    one.wait(1.024)
    counts, ticks = [], []
    for _ in range(4):
        found = polls(one.wait(0.256))
        ticks += [p.ticks for p in found]
        if found:
            counts.append(len(found))
    assert counts == blocks
    assert {b - a for a, b in pairwise(ticks)} == {2048}


def test_4_1_a_chain_is_cut_to_the_mtu_and_closed_by_an_empty_result() -> None:
    one = bench(associate=False)
    small = Profile(min_poll_ticks=0, max_rx=500, max_tx=500, ext_options=0x8C000000)
    one.ask(association.request(small), mds_create_result(1, 0))
    chain = one.ask(extended_poll(2, NUMERIC, 0, 60.0))
    assert all(len(p) <= 500 for p in chain)
    links = [(remote(p).operation.name, remote(p).linked) for p in chain]
    assert links[0] == ("LINKED_RESULT", 1)
    assert set(links[1:-2]) == {("LINKED_RESULT", 2)}
    assert links[-2:] == [("LINKED_RESULT", 3), ("RESULT", 0)]
    assert [p[9] for p in chain[:-1]] == list(range(1, len(chain)))
    assert poll(remote(chain[-1]).body).entries == []


def test_4_6_labels_that_cannot_be_sent_are_dropped_silently() -> None:
    wanted = (0x00020102, 0x00020100, 0x0002013D, 0x00020101, 0x00020143, 0x00020102, 0x00024A14)
    one = bench()
    (echo,) = one.ask(set_list(2, WAVE_LIST, wanted))
    assert labels(echo) == list(wanted)
    (kept,) = one.ask(get_list(3, WAVE_LIST))
    assert labels(kept) == [0x00020102, 0x00020101, 0x00020143, 0x00024A14]


def test_an_unconfirmed_set_gets_no_answer() -> None:
    asked = bytearray(set_list(2, WAVE_LIST, (0x00024BB4,)))
    asked[11] = Command.SET
    one = bench()
    assert one.ask(bytes(asked)) == []
    assert labels(one.ask(get_list(3, WAVE_LIST))[0]) == [0x00024BB4]


@pytest.mark.parametrize(
    ("request_", "error"),
    [
        (single_poll(7, 0x29, 0), 0),
        (get_list(7, 0xF12A), 7),
        (set_list(7, 0xF12A, (1,)), 8),
        (single_poll(7, NUMERIC, 0).replace(b"\x0c\x16", b"\x0c\x17"), 9),
    ],
)
def test_10_what_it_cannot_do_is_an_error(request_: bytes, error: int) -> None:
    (answer,) = bench().ask(request_)
    assert remote(answer)[:3] == (RemoteOperation.ERROR, 7, error)


def test_4_4_a_context_of_one_object_comes_with_each_cycle() -> None:
    one = bench()
    one.ask(extended_poll(2, NUMERIC, 0, 60.0))
    told = [[e.handle for p in polls(one.wait(1.024)) for e in p.entries if 0x0924 in e.attributes] for _ in range(5)]
    assert [len(handles) for handles in told] == [1] * 5
    assert len({handles[0] for handles in told}) == 5


@pytest.mark.parametrize("garbage", [b"", b"\xe1\x00", b"\x0d\x05abc", b"\xe1\x00\x00\x02\x00\x01\xff\xff", bytes(40)])
def test_garbage_is_not_answered(garbage: bytes) -> None:
    assert bench(associate=False).ask(garbage) == []
    assert bench().ask(garbage) == []


def test_the_mds_and_the_alarms_can_be_polled() -> None:
    one = bench()
    one.ask(single_poll(8, MDS, 0), single_poll(9, ALARM_MONITOR, 0x0801))
    mds, alarms = polls(one.wait(1.1))
    assert {0x0987, 0x098F, 0x092D, 0x0946} <= mds.entries[0].attributes.keys()
    assert alarms.entries[0].attributes[0x0902] == bytes(4)

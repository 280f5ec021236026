"""The client's side: association, retries, keep-alive, reassociation (fact sheet §3.4, §4, §10)."""

from itertools import pairwise

from collector.model import Association, AssociationState, Event, Observation
from drivers.philips_intellivue.association import RELEASE_REQUEST, profile
from drivers.philips_intellivue.options import Options
from drivers.philips_intellivue.pdu import (
    ALARM_MONITOR,
    ENUMERATION,
    NUMERIC,
    WAVE,
    Command,
    Remote,
    RemoteOperation,
    remote,
)
from drivers.philips_intellivue.session import IntelliVueSession
from tests.drivers.philips_intellivue import vectors as v
from tests.drivers.philips_intellivue.listening import only

GRANTS_ALL = v.ACCEPT.replace(b"\xf0\x01\x00\x08\x80", b"\xf0\x01\x00\x08\x8e")


def sent(session: IntelliVueSession) -> list[bytes]:
    found = []
    while data := session.outgoing():
        found.append(data)
    return found


def states(events: list[Event]) -> list[AssociationState]:
    return [a.state for a in only(events, Association)]


def associated(options: Options | None = None) -> IntelliVueSession:
    """At time 0: granted everything, MDS created and confirmed, first request on the line."""
    one = IntelliVueSession(options or Options(), datagrams=True)
    one.expire(0.0)
    one.receive(GRANTS_ALL, 0.0)
    one.receive(v.mds_create(), 0.0)
    one.expire(0.0)
    return one


def operations(payloads: list[bytes]) -> list[Remote]:
    return [remote(p) for p in payloads if p[0] == 0xE1]


def classes(payloads: list[bytes]) -> list[tuple[int, int]]:
    """Action and object class of the polls."""
    return [
        (int.from_bytes(r.body[10:12], "big"), int.from_bytes(r.body[18:20], "big"))
        for r in operations(payloads)
        if r.command == Command.CONFIRMED_ACTION
    ]


def answer_all(one: IntelliVueSession, *, now: float, empty_list: bool = True) -> list[bytes]:
    """Answer each request as soon as it comes; give back all of them."""
    found: list[bytes] = []
    while batch := sent(one):
        found += batch
        for asked in operations(batch):
            if asked.operation is not RemoteOperation.INVOKE:
                continue
            if asked.command == Command.GET and empty_list:
                body = bytes.fromhex("002100000000 0001 0008 f23a 0004 0000 0000")
                one.receive(v.operation(2, asked.invoke_id, 3, body), now)
            elif asked.command == Command.CONFIRMED_SET:
                one.receive(v.operation(2, asked.invoke_id, 5, asked.body[:6] + b"\0\0\0\0"), now)
            else:
                object_class = int.from_bytes(asked.body[18:20], "big")
                reply = v.poll_result([], object_class=object_class, invoke_id=asked.invoke_id, ticks=asked.invoke_id)
                one.receive(reply, now)
        one.expire(now)
    return found


def test_the_association_is_asked_for_again_every_two_seconds() -> None:
    one = IntelliVueSession(Options(), datagrams=True)
    times = []
    for tenth in range(70):
        due = one.deadline()
        if due is not None and due <= tenth / 10:
            one.expire(tenth / 10)
        times += [tenth / 10 for data in sent(one) if data[0] == 0x0D]
    assert times == [0.0, 2.0, 4.0, 6.0]


def test_what_is_asked_for() -> None:
    one = IntelliVueSession(Options(), datagrams=True)
    one.expire(0.0)
    (request,) = sent(one)
    asked = profile(request)
    assert (asked.max_rx, asked.ext_options, asked.min_poll_ticks) == (1364, 0x8E000000, 8000)


def test_13_9_mds_create_is_confirmed_each_time_with_its_own_invoke_id() -> None:
    one = IntelliVueSession(Options(), datagrams=True)
    one.expire(0.0)
    one.receive(GRANTS_ALL, 0.0)
    sent(one)
    for invoke_id in (1, 1, 7):
        one.receive(v.mds_create(invoke_id=invoke_id, ticks=0x00484700), 0.0)
    confirmed = [p for p in sent(one) if remote(p).operation is RemoteOperation.RESULT]
    expected = "e1000002 00020014 {:04x} 0001 000e 002100000000 00484700 0d06 0000"
    assert confirmed == [bytes.fromhex(expected.format(invoke_id)) for invoke_id in (1, 1, 7)]


def test_a_lost_association_response_does_not_stop_the_dialogue() -> None:
    one = IntelliVueSession(Options(), datagrams=True)
    one.expire(0.0)
    one.receive(v.mds_create(), 0.1)
    one.expire(0.1)
    assert {WAVE, ENUMERATION, NUMERIC} <= {kind for _, kind in classes(answer_all(one, now=0.2))}


def test_one_request_at_a_time_and_each_class_is_polled_with_its_period() -> None:
    one = associated()
    first = operations(sent(one))
    assert [r.operation for r in first] == [RemoteOperation.RESULT, RemoteOperation.INVOKE]
    one.expire(0.1)
    assert sent(one) == []
    one = associated()
    polls = answer_all(one, now=0.1)
    extended = [(action, kind) for action, kind in classes(polls) if action == 0xF13B]
    assert {kind for _, kind in extended} == {NUMERIC, WAVE, ENUMERATION, ALARM_MONITOR}
    for poll in operations(polls):
        if poll.command == Command.CONFIRMED_ACTION and poll.body[10:12] == b"\xf1\x3b":
            assert poll.body[22:] == bytes.fromhex("0001 0008 f13e 0004") + (480_000).to_bytes(4, "big")


def test_waves_are_set_only_where_the_list_is_another() -> None:
    (changed,) = [r for r in operations(answer_all(associated(), now=0.1)) if r.command == Command.CONFIRMED_SET]
    assert changed.body[10:18] == bytes.fromhex("0001002e00 00f23a")
    same = associated(Options(waves=("II", "Pleth")))
    (get,) = [r for r in operations(sent(same)) if r.command == Command.GET]
    body = bytes.fromhex("002100000000 0001 0010 f23a 000c 0002 0008 00024bb4 00020102")
    same.receive(v.operation(2, get.invoke_id, 3, body), 0.1)
    assert not [r for r in operations(answer_all(same, now=0.1)) if r.command == Command.CONFIRMED_SET]


def test_13_20_nothing_but_the_priority_lists_is_ever_set() -> None:
    options = Options(numerics=("00024182",))
    for asked in operations(answer_all(associated(options), now=0.1)):
        if asked.operation is RemoteOperation.INVOKE:
            assert asked.command in (Command.GET, Command.CONFIRMED_SET, Command.CONFIRMED_ACTION)
        if asked.command == Command.CONFIRMED_SET:
            assert asked.body[16:18] in (b"\xf2\x3a", b"\xf2\x39")


def test_what_is_not_granted_is_not_polled() -> None:
    one = IntelliVueSession(Options(), datagrams=True)
    one.expire(0.0)
    one.receive(v.ACCEPT, 0.0)
    one.receive(v.mds_create(), 0.0)
    one.expire(0.0)
    assert not {WAVE, ENUMERATION} & {kind for _, kind in classes(answer_all(one, now=0.1))}


def test_a_lost_request_is_sent_again_twice_and_then_given_up() -> None:
    one = associated()
    first = sent(one)[-1]
    seen = []
    for tenth in range(1, 95):
        one.receive(v.poll_result([], ticks=tenth, sequence=tenth, invoke_id=999), tenth / 10)
        one.expire(tenth / 10)
        seen += sent(one)
    assert seen.count(first) == 2
    one.receive(v.poll_result([], ticks=96, invoke_id=999), 10.6)
    one.expire(10.6)
    (other,) = sent(one)
    assert remote(other).invoke_id != remote(first).invoke_id


def test_an_error_answers_a_request() -> None:
    one = associated()
    asked = remote(sent(one)[-1])
    one.receive(v.operation(3, asked.invoke_id, 2, b""), 0.1)
    (following,) = sent(one)
    assert remote(following).invoke_id == asked.invoke_id + 1


def test_keep_alive_within_a_third_of_the_monitors_timeout() -> None:
    """Results of extended polls do not count as life (§3.4): without a request the monitor would end it."""
    one = associated()
    answer_all(one, now=0.1)
    times = [0.1]
    for tenth in range(2, 300):
        now = tenth / 10
        one.receive(v.poll_result([], ticks=10_000 + tenth, sequence=tenth, invoke_id=999), now)
        due = one.deadline()
        if due is not None and due <= now:
            one.expire(now)
            times += [now for _ in answer_all(one, now=now)]
    assert max(b - a for a, b in pairwise(times)) <= 10.0 / 3 + 0.2
    assert times[-1] > 26


def test_a_silent_monitor_is_asked_anew() -> None:
    one = associated()
    sent(one)
    events = list(one.expire(10.1))
    assert states(events) == [AssociationState.ENDED]
    assert sent(one) == [v.ABORT]
    assert one.deadline() == 10.1 + 1.0
    one.expire(11.2)
    assert [data[0] for data in sent(one)] == [0x0D]


def test_an_abort_is_followed_by_a_new_association_after_a_growing_wait() -> None:
    one = IntelliVueSession(Options(), datagrams=True)
    now, waits = 0.0, []
    for _ in range(6):
        one.expire(now)
        one.receive(GRANTS_ALL, now)
        events = list(one.receive(v.ABORT, now))
        assert states(events) == [AssociationState.ENDED]
        due = one.deadline()
        assert due is not None
        waits.append(due - now)
        now = due
    assert waits == [1.0, 2.0, 4.0, 8.0, 16.0, 16.0]


def test_a_refusal_releases_what_an_earlier_life_left_and_tries_again() -> None:
    one = IntelliVueSession(Options(), datagrams=True)
    one.expire(0.0)
    sent(one)
    assert states(list(one.receive(v.REFUSE, 0.5))) == [AssociationState.REFUSED]
    assert sent(one) == [RELEASE_REQUEST]
    assert one.deadline() == 1.5


def test_close_releases_and_sends_nothing_more() -> None:
    one = associated()
    sent(one)
    one.close(1.0)
    assert sent(one) == [RELEASE_REQUEST]
    assert one.deadline() is None
    assert states(list(one.receive(v.RELEASED, 1.1))) == [AssociationState.ENDED]
    one.receive(v.mds_create(invoke_id=9), 1.2)
    one.expire(30.0)
    assert sent(one) == []


def test_13_18_a_poll_that_replaces_another_starts_its_sequence_anew() -> None:
    one = IntelliVueSession(Options(), datagrams=True)
    events: list[Event] = []
    for number, (sequence, value) in enumerate(((5, 60), (0, 61), (6, 62), (1, 63))):
        found = [(1, 1, [v.label(0x00024182), v.numeric(0x4182, value)])]
        events += one.receive(v.poll_result(found, sequence=sequence, ticks=8192 * number), 0.0)
    assert [o.value for o in only(events, Observation)] == [60.0, 61.0, 62.0, 63.0]


def test_a_monitor_that_releases_is_answered() -> None:
    one = associated()
    sent(one)
    one.receive(RELEASE_REQUEST, 1.0)
    assert sent(one) == [v.RELEASED]


def test_a_recording_queues_no_more_than_a_few_messages() -> None:
    one = IntelliVueSession(Options(), datagrams=True)
    for ticks in range(1000):
        one.receive(v.mds_create(ticks=ticks), 0.0)
    assert len(sent(one)) <= 32

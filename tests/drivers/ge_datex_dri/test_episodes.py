from tests.drivers.ge_datex_dri.records import NONE, auxiliary, basic, fed, frame, group, new, observed, only, record

NIBP, CO = 72, 200


class TestCuff:
    """Pitfall: a cuff pressure that is sent every interval stored as new measurements."""

    @staticmethod
    def told(*shown: tuple[int, int, int, int]) -> list[tuple[bool, int | None]]:
        """(systolic, label, auxiliary time, record time) of each record → (repeat, device time) of systolic."""
        session = new()
        found = []
        for systolic, label, stamp, time_s in shown:
            parts = [basic(*group(NIBP, systolic * 100, 6000, 8000, 70, label=label))]
            if stamp:
                parts.append(auxiliary(nibp=stamp))
            one = only(fed(frame(record(0, *parts, time_s=time_s)), session=session), "basic.nibp.sys")
            found.append((one.repeat, one.device_time_us and one.device_time_us // 1_000_000))
        return found

    def test_the_same_reading_again_is_a_repeat(self) -> None:
        assert self.told((120, 8, 0, 1), (120, 8, 0, 2), (120, 0x108, 0, 70)) == [
            (False, None),
            (True, None),
            (True, None),
        ]

    def test_other_values_are_a_new_reading_even_with_the_age_bit_unchanged(self) -> None:
        assert self.told((120, 8, 0, 1), (110, 8, 0, 2), (110, 8, 0, 3)) == [
            (False, None),
            (False, None),
            (True, None),
        ]

    def test_the_same_values_that_became_young_are_a_new_reading(self) -> None:
        assert self.told((120, 0x108, 0, 1), (120, 0x108, 0, 2), (120, 8, 0, 3))[1:] == [(False, None), (False, None)]

    def test_an_old_one_that_stands_at_first_waits_one_record_for_its_time(self) -> None:
        assert self.told((120, 0x108, 0, 1200), (120, 0x108, 300, 1205)) == [(True, None), (False, 300)]
        assert self.told((120, 0x108, 0, 1200), (120, 0x108, 0, 1205)) == [(True, None), (False, None)]
        assert self.told((120, 0x108, 300, 1200)) == [(False, 300)]
        session = new()
        old = frame(record(0, basic(*group(NIBP, 12000, 6000, 8000, 70, label=0x108))))
        assert [one.standing for one in observed(fed(old, old, session=session), "basic.nibp.sys")] == [False, True]

    def test_a_new_time_in_the_auxiliary_record_is_a_new_reading(self) -> None:
        assert self.told((120, 8, 100, 101), (120, 8, 100, 102), (120, 8, 130, 131)) == [
            (False, 100),
            (True, None),
            (False, 130),
        ]

    def test_an_auxiliary_record_that_lags_makes_no_second_reading(self) -> None:
        assert self.told((120, 8, 100, 101), (110, 8, 100, 151), (110, 8, 150, 152)) == [
            (False, 100),
            (False, None),
            (True, None),
        ]

    def test_what_stands_at_first_and_has_no_time_is_marked(self) -> None:
        session = new()
        shown = basic(*group(NIBP, 12000, 6000, 8000, 70, label=8)), basic(*group(NIBP, 11000, 6000, 8000, 70, label=8))
        found = [only(fed(frame(record(0, one)), session=session), "basic.nibp.sys") for one in shown]
        assert [one.standing for one in found] == [True, False]
        dated = record(0, shown[0], auxiliary(nibp=100), time_s=101)
        assert not only(fed(frame(dated), session=new()), "basic.nibp.sys").standing

    def test_a_time_that_comes_while_measuring_belongs_to_the_next_reading(self) -> None:
        measuring = 8 | 1 << 5
        assert self.told((120, 8, 100, 101), (120, measuring, 150, 151), (110, 8, 150, 180)) == [
            (False, 100),
            (True, None),
            (False, 150),
        ]

    def test_the_age_bit_says_nothing_while_measuring(self) -> None:
        old, measuring = 1 << 8, 1 << 5
        for stamp, newer in ((990, 1428), (0, 0)):
            found = self.told(
                (120, 0, stamp, 1000),
                (120, old, stamp, 1070),
                (120, measuring, stamp, 1300),
                (120, old, stamp, 1330),
                (120, measuring, stamp, 1400),
                (120, 0, newer, 1430),
                (120, 0, newer, 1435),
            )
            assert [repeat for repeat, _ in found] == [False, True, True, True, True, False, True]
            assert found[5][1] == (newer or None)

    def test_a_pressure_that_changes_while_measuring_is_told_once(self) -> None:
        old, measuring = 1 << 8, 1 << 5
        found = self.told((120, 0, 0, 1), (120, old, 0, 70), (110, measuring, 0, 75), (110, 0, 0, 80))
        assert [repeat for repeat, _ in found] == [False, True, False, True]


class TestAPressureThatIsNotShownForAWhile:
    """Pitfall: a record without values, as while measuring, taken for the end of the old measurement."""

    OLD, MEASURING = 1 << 8, 1 << 5

    @staticmethod
    def told(*shown: tuple[int, tuple[int, int, int], int]) -> list[tuple[str, float | str | None, int | None]]:
        """(auxiliary time, pressures, label) of each record, one every 5 s → what is told and is no repeat."""
        session = new()
        found = []
        for n, (stamp, pressures, label) in enumerate(shown):
            raw = [NONE if pressure < 0 else pressure * 100 for pressure in pressures]
            parts = [basic(*group(NIBP, *raw, 70, label=label)), *([auxiliary(nibp=stamp)] if stamp else [])]
            events = fed(frame(record(0, *parts, time_s=1000 + 5 * n)), session=session)
            for field in ("sys", "dia", "mean"):
                one = only(events, f"basic.nibp.{field}")
                if not one.repeat:
                    found.append((field, one.value, one.device_time_us and one.device_time_us // 1_000_000))
        return found

    def test_is_no_new_one_when_it_is_back(self) -> None:
        cuff, nothing = (120, 80, 93), (-1, -1, -1)
        for stamp in (990, 0):
            first = stamp or None
            found = self.told(
                (stamp, cuff, 0),
                (stamp, nothing, self.OLD | self.MEASURING),
                (stamp, nothing, self.OLD | self.MEASURING),
                (stamp, cuff, self.OLD),
                (stamp, cuff, self.OLD),
            )
            assert found == [
                ("sys", 120.0, first),
                ("dia", 80.0, first),
                ("mean", 93.0, first),
                *((field, None, None) for field in ("sys", "dia", "mean")),
            ]

    def test_nor_are_the_others_where_one_was_not_shown(self) -> None:
        found = self.told((990, (120, 80, 93), 0), (990, (120, -1, 93), 0), (990, (120, 80, 93), 0))
        assert found[3:] == [("dia", None, None)]

    def test_that_comes_late_belongs_to_its_measurement(self) -> None:
        found = self.told(
            (990, (120, 80, 93), 0), (1004, (130, -1, 97), 0), (1004, (130, 80, 97), 0), (1004, (130, 80, 97), 0)
        )
        assert found[3:] == [("sys", 130.0, 1004), ("dia", None, None), ("mean", 97.0, 1004), ("dia", 80.0, 1004)]

    def test_a_new_one_of_the_same_digits_after_it_is_told(self) -> None:
        cuff, nothing = (120, 80, 93), (-1, -1, -1)
        found = self.told((990, cuff, 0), (990, nothing, self.MEASURING), (1009, nothing, 0), (1009, cuff, 0))
        assert found[6:] == [("sys", 120.0, 1009), ("dia", 80.0, 1009), ("mean", 93.0, 1009)]

    def test_old_digits_of_a_known_time_are_never_new(self) -> None:
        assert len(self.told((990, (120, 80, 93), 0), (990, (110, 70, 83), self.OLD))) == 3
        found = self.told((990, (120, 80, 93), 0), (990, (110, 70, 83), self.OLD), (1004, (110, 70, 83), self.OLD))
        assert found[3:] == [("sys", 110.0, 1004), ("dia", 70.0, 1004), ("mean", 83.0, 1004)]


def test_wedge_and_bolus_output_are_episodes_and_continuous_output_is_not() -> None:
    bolus = basic(*group(CO, 5200, 3700, 40, 1200, label=1 << 2))
    events = fed(*[frame(record(0, bolus, auxiliary(co=500, pcwp=400)))] * 2)
    assert [one.repeat for one in observed(events, "basic.co_wedge.co")] == [False, True]
    assert observed(events, "basic.co_wedge.co")[0].channel.code == "MDC_OUTPUT_CARD_NONCTS"
    assert observed(events, "basic.co_wedge.co")[0].device_time_us == 500_000_000
    assert observed(events, "basic.co_wedge.pcwp")[0].device_time_us == 400_000_000
    assert [one.repeat for one in observed(events, "basic.co_wedge.blood_temp")] == [False, False]
    continuous = basic(*group(CO, 5200, 3700, 40, 1200, label=2 << 2))
    events = fed(*[frame(record(0, continuous))] * 2)
    assert [one.repeat for one in observed(events, "basic.co_wedge.co")] == [False, False]
    assert observed(events, "basic.co_wedge.co")[0].channel.code == "MDC_OUTPUT_CARD_CTS"

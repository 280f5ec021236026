"""Made-up people: staff with accounts of their own, and patients. No name is anybody's."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from random import Random
from typing import Literal

from charting.accounts.actor import Actor
from charting.department.mix import Operation
from charting.department.story import Person

_FAMILY = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏水窦章云苏潘葛奚范彭郎"
_GIVEN = "安邦承德恩方光国海宏建江杰静军凯兰丽亮玲龙梅明宁平萍强青庆荣瑞山涛天伟文霞祥晓欣秀旭雪雅燕阳宇玉云芸泽振志忠"

_STAFF: Sequence[tuple[str, str, int]] = (
    ("ma", "anaesthetist", 36), ("su", "surgeon", 48), ("on", "or_nurse", 60), ("pn", "pacu_nurse", 14),
    ("in", "icu_nurse", 16), ("hd", "head", 1), ("qc", "quality", 1),
)  # fmt: skip
"""Beginning of the accounts, role, and how many there are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Staff:
    """Actors by role."""

    anaesthetist: tuple[Actor, ...]
    surgeon: tuple[Actor, ...]
    or_nurse: tuple[Actor, ...]
    pacu_nurse: tuple[Actor, ...]
    icu_nurse: tuple[Actor, ...]
    head: tuple[Actor, ...]
    quality: tuple[Actor, ...]

    def actor(self, account: str) -> Actor:
        """Raises KeyError."""
        return _accounts()[account]

    def of(self, role: str) -> tuple[Actor, ...]:
        found: tuple[Actor, ...] = getattr(self, role)
        return found


@cache
def staff() -> Staff:
    """The same people in every department."""
    rng = Random("staff")  # noqa: S311  made-up names
    return Staff(
        **{
            role: tuple(
                Actor(account=f"{start}{n:02d}", name=_name(rng), roles=frozenset({role})) for n in range(1, count + 1)
            )
            for start, role, count in _STAFF
        }
    )


@cache
def _accounts() -> dict[str, Actor]:
    everybody = staff()
    return {actor.account: actor for _, role, _ in _STAFF for actor in everybody.of(role)}


def _name(rng: Random) -> str:
    return rng.choice(_FAMILY) + "".join(rng.choice(_GIVEN) for _ in range(rng.choice((1, 2, 2))))


def patient(rng: Random, number: int, operation: Operation, day: date) -> Person:
    """Somebody who has this operation on a day. `number` tells him from all others."""
    sex: Literal["male", "female"] = (
        "female" if operation.sex == "female" or (operation.sex != "male" and rng.random() < 0.5) else "male"
    )
    age = round(rng.triangular(*operation.ages))
    born = day - timedelta(days=age * 365 + age // 4 + rng.randrange(1, 360))
    adult = age >= 15
    height = rng.gauss(168 if sex == "male" else 158, 6) if adult else 75 + 6.2 * age + rng.gauss(0, 4)
    weight = rng.gauss(68 if sex == "male" else 59, 9) if adult else 9 + 2.6 * age + rng.gauss(0, 2)
    return Person(
        number=f"{10_000_000 + number}",
        visit=f"{26_000_000 + number}",
        name=_name(rng),
        sex=sex,
        born=born.isoformat(),
        age=age,
        weight_kg=round(max(weight, 4.0), 1),
        height_cm=round(max(height, 55.0), 0),
    )

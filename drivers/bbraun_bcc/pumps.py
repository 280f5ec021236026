"""The simulated pumps of a rack: an anaesthetic, its analgesic, a vasopressor and a crystalloid for the patient."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from drivers.patient import Vitals

WEIGHT_KG = 70.0
_SHORT_S = 300.0
"""The pre-alarm "syringe empty" comes so long before."""
_LONGEST_S = 65_535


@dataclass(frozen=True, slots=True, kw_only=True)
class Drug:
    """What a pump holds. rate: mL/h for a patient. concentration and dose: value per mL, dose per mL/h, unit codes."""

    name: str
    short: str
    rate: Callable[[Vitals], float]
    concentration: float = 0.0
    concentration_code: int = 31
    dose_per_rate: float = 0.0
    dose_code: int = 47


@dataclass(slots=True, kw_only=True)
class Pump:
    """A pump in its slot; syringe_ml 0: a volumetric pump of a bag of vtbi_ml."""

    address: str
    model: str
    serial: int
    drug: Drug
    syringe_ml: float = 50.0
    vtbi_ml: float = 0.0
    given_ml: float = 0.0
    rate_ml_h: float = 0.0
    at_s: float = 0.0
    new: bool = True

    @property
    def left_ml(self) -> float:
        return max(0.0, (self.syringe_ml or self.vtbi_ml) - self.given_ml)

    def values(self, time_s: float, vitals: Vitals) -> Mapping[str, str]:
        """What it tells at `time_s`, by parameter."""
        self.given_ml += min(self.left_ml, self.rate_ml_h * (time_s - self.at_s) / 3600.0)
        self.at_s = time_s
        self.rate_ml_h = round(max(0.0, self.drug.rate(vitals)), 1) if self.left_ml else 0.0
        running, left_s = self.rate_ml_h > 0.0, self.left_ml / max(self.rate_ml_h, 1e-9) * 3600.0
        syringe = self.syringe_ml > 0.0
        name = "GNNEW" if self.new else "GNMODEL"
        self.new = False
        drug = self.drug
        return {
            name: self.model,
            "INRT": f"{self.rate_ml_h:.2f}",
            "INAVRT": f"{self.rate_ml_h:.2f}",
            "INVTB": f"{self.vtbi_ml:.1f}" if self.vtbi_ml else "_NV",
            "INSOL": drug.name,
            "INSOLSN": drug.short,
            "INSYR": f"{self.syringe_ml:.0f}" if syringe else "_NV",
            "INVOLACT": f"{self.left_ml:.2f}" if syringe else "_NV",
            "INRMT": f"{min(left_s, _LONGEST_S):.0f}" if running else "0",
            "INDOCAL": "1" if drug.dose_per_rate else "0",
            "INDCON": f"{drug.concentration:.3f}",
            "INDCONU": str(drug.concentration_code),
            "INDORT": f"{drug.dose_per_rate * self.rate_ml_h:.3f}",
            "INDORTU": str(drug.dose_code),
            "INVI": f"{self.given_ml:.2f}",
            "INTIME": f"{time_s // 60:.0f}",
            "INBORT": "800.00",
            "INNR": f"{0x60000000 + self.serial:X}",
            "INP1": "4",
            "INP2": "35" if running else "0",
            "INSERNUM": str(self.serial),
            "DSSTATUS": "00051",
            "INM1": "0" if running else "1",
            "INM2": "0",
            "INM3": "1" if running else "0",
            "INM4": "_NV",
            "INM8": "1",
            "INM10": "0",
            "INA1": "0",
            "INA2": "1" if syringe and not self.left_ml else "0",
            "INA3": "0",
            "INA6": "_NV",
            "INA7": "1" if not syringe and not self.left_ml else "0",
            "INA12": "1" if syringe and running and left_s < _SHORT_S else "0",
            "RUNSTATE": "2" if running else "1",
        }


def _sedation(vitals: Vitals) -> float:
    """More where the entropy is high; without one, as for 44."""
    entropy = 44.0 if math.isnan(vitals.state_entropy) else vitals.state_entropy
    return 30.0 + (min(entropy, 60.0) - 44.0)


def _pressor(vitals: Vitals) -> float:
    """For a mean pressure below 70 mmHg."""
    mean = 75.0 if math.isnan(vitals.art_mean_mmhg) else vitals.art_mean_mmhg
    return 0.5 * max(0.0, 70.0 - mean)


PROPOFOL = Drug(
    name="丙泊酚 Propofol 10mg/ml", short="Propofol", rate=_sedation, concentration=10.0, concentration_code=31,
    dose_per_rate=10.0 / WEIGHT_KG, dose_code=69,
)  # fmt: skip
REMIFENTANIL = Drug(
    name="瑞芬太尼 Remifentanil 40µg/ml", short="Remi\ue004\ue000", rate=lambda _: 8.0, concentration=40.0,
    concentration_code=32, dose_per_rate=40.0 / WEIGHT_KG / 60.0, dose_code=71,
)  # fmt: skip
NORADRENALINE = Drug(
    name="去甲肾上腺素 Noradrenaline 40µg/ml", short="Norad", rate=_pressor, concentration=40.0, concentration_code=32,
    dose_per_rate=40.0 / WEIGHT_KG / 60.0, dose_code=71,
)  # fmt: skip
RINGER = Drug(name="乳酸林格液 Ringer", short="Ringer", rate=lambda _: 300.0)


def rack() -> Sequence[Pump]:
    """Three syringe pumps in pillar 1, a volumetric pump in pillar 2."""
    return [
        Pump(address="50111", model="688L030007", serial=36248, drug=PROPOFOL),
        Pump(address="50112", model="688L030007", serial=40864, drug=REMIFENTANIL),
        Pump(address="5011C", model="688L030007", serial=1815, drug=NORADRENALINE),
        Pump(address="50121", model="686L030007", serial=61834, drug=RINGER, syringe_ml=0.0, vtbi_ml=1000.0),
    ]

"""The people: three to look at and fit on ("tuning"), three for final figures only ("test")."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.benchmarks.people.eyes import EyeFit


@dataclass(frozen=True, slots=True)
class Identity:
    """One person."""

    name: str
    split: str
    """"tuning" or "test" """
    sex: str
    age: float
    """0 = young adult, 1 = old"""
    origins: dict[str, float]
    """shares of the package's face shapes"""
    skin: str
    eye: str
    """file of the iris"""
    brows: str
    hair: str
    hair_colour: tuple[float, float, float]
    """factor on the hair's texture"""
    clothes: str
    kappa_deg: tuple[float, float]
    """from the visual to the optical axis: outwards, upwards"""
    lens_height_m: float
    """of the lens over the eyes at rest"""
    room: int
    """seed of the room and its light"""
    lashes: str = "eyelashes02"
    shapes: dict[str, float] = field(default_factory=dict)
    """further targets of the package by their share"""
    eye_fit: EyeFit = field(default_factory=EyeFit)
    fov_deg: float = 68.0
    """horizontal"""
    skin_gain: float = 1.0
    iris_colour: tuple[float, float, float] = (1.0, 1.0, 1.0)
    """factor on the iris' texture"""
    pupil_ratio: float = 0.34
    """of the iris' radius: 4 mm indoors"""
    clothes_colour: tuple[float, float, float] = (1.0, 1.0, 1.0)


def _both(name: str, share: float) -> dict[str, float]:
    return {name.format("l"): share, name.format("r"): share}


IDENTITIES = (
    Identity(
        name="ada",
        split="tuning",
        sex="female",
        age=0.1,
        origins={"caucasian": 1.0},
        skin="young_caucasian_female/textures/young_lightskinned_female_diffuse.png",
        eye="blue_eye.png",
        brows="eyebrow001",
        hair="long01",
        hair_colour=(1.5, 1.25, 1.0),
        clothes="female_elegantsuit01",
        kappa_deg=(4.6, 0.7),
        lens_height_m=-0.02,
        room=1,
        shapes={"head/head-oval": 0.5, "nose/nose-scale-vert-decr": 0.3},
        eye_fit=EyeFit(width_ratio=1.16, height_ratio=1.1, upper_cover_m=0.0012),
    ),
    Identity(
        name="ben",
        split="tuning",
        sex="male",
        age=0.35,
        origins={"african": 1.0},
        skin="young_african_male/textures/young_darkskinned_male_diffuse.png",
        eye="brownlight_eye.png",
        iris_colour=(0.30, 0.24, 0.20),
        brows="eyebrow008",
        hair="short04",
        hair_colour=(0.5, 0.45, 0.4),
        clothes="male_casualsuit03",
        kappa_deg=(5.0, -0.9),
        lens_height_m=0.03,
        room=2,
        shapes={"head/head-square": 0.4, "nose/nose-scale-horiz-incr": 0.3},
        eye_fit=EyeFit(width_ratio=1.15, height_ratio=1.1, upper_cover_m=0.0017),
        skin_gain=1.5,
    ),
    Identity(
        name="chie",
        split="tuning",
        sex="female",
        age=0.3,
        origins={"asian": 1.0},
        skin="young_asian_female/textures/young_lightskinned_female_diffuse3.png",
        eye="brownlight_eye.png",
        iris_colour=(0.22, 0.20, 0.20),
        brows="eyebrow005",
        hair="junglebookhair",
        hair_colour=(0.9, 0.8, 0.75),
        clothes="female_casualsuit01",
        kappa_deg=(4.2, 1.3),
        lens_height_m=0.06,
        room=3,
        shapes={"head/head-round": 0.4, **_both("eyes/{}-eye-epicanthus-in", 0.6)},
        eye_fit=EyeFit(width_ratio=1.12, height_ratio=1.05, upper_cover_m=0.0020),
    ),
    Identity(
        name="dan",
        split="test",
        sex="male",
        age=0.8,
        origins={"caucasian": 1.0},
        skin="middleage_caucasian_male/textures/middleage_lightskinned_male_diffuse.png",
        eye="grey_eye.png",
        brows="eyebrow009",
        hair="short02",
        hair_colour=(0.9, 0.85, 0.8),
        clothes="male_elegantsuit01",
        kappa_deg=(4.9, -1.2),
        lens_height_m=0.05,
        room=4,
        shapes={"head/head-rectangular": 0.5, "nose/nose-hump-incr": 0.4},
        eye_fit=EyeFit(width_ratio=1.13, height_ratio=1.07, upper_cover_m=0.0019),
    ),
    Identity(
        name="emi",
        split="test",
        sex="female",
        age=0.15,
        origins={"asian": 0.6, "caucasian": 0.4},
        skin="middleage_asian_female/textures/middleage_lightskinned_female_diffuse2.png",
        eye="brownlight_eye.png",
        brows="eyebrow010",
        hair="ponytail01",
        hair_colour=(1.2, 1.0, 0.8),
        clothes="female_casualsuit02",
        kappa_deg=(4.0, 0.3),
        lens_height_m=0.0,
        room=5,
        shapes={"head/head-diamond": 0.4, "mouth/mouth-scale-horiz-incr": 0.2},
        eye_fit=EyeFit(width_ratio=1.17, height_ratio=1.12, upper_cover_m=0.0010),
    ),
    Identity(
        name="femi",
        split="test",
        sex="female",
        age=0.5,
        origins={"african": 0.8, "caucasian": 0.2},
        skin="young_african_female/textures/young_darkskinned_female_diffuse.png",
        eye="brownlight_eye.png",
        iris_colour=(0.35, 0.28, 0.22),
        brows="eyebrow011",
        hair="afro01",
        hair_colour=(0.7, 0.6, 0.55),
        clothes="male_casualsuit05",
        kappa_deg=(5.2, 0.9),
        lens_height_m=0.08,
        room=6,
        shapes={"head/head-triangular": 0.3, "nose/nose-width3-incr": 0.3},
        eye_fit=EyeFit(width_ratio=1.16, height_ratio=1.09, upper_cover_m=0.0015),
        skin_gain=1.6,
    ),
)

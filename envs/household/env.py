"""`Household`: an apartment made from a seed, as a Gymnasium environment that shows pixels and hides the truth."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from enactive.errors import ConfigError

from ..embodiment import DISCRETE_ACTIONS, VERBS, CameraInfo, Embodiment, Interaction
from ..goal import Goal
from . import motion
from .camera import HFOV_RAD, base_pose, camera_pose, intrinsics
from .effects import settle
from .episode import NavigationEpisode
from .obstacles import BODY_HEIGHT_M
from .oracle import Oracle
from .render import DepthSensor, Renderer
from .resolve import resolve
from .state import WorldState, initial_state
from .targets import View
from .verbs import apply_verb
from .world import World, load_world

TWIST_LIMITS = (0.5, 1.5)  # m/s, rad/s
TWIST_RATE_HZ = 10.0
DISCRETE_STEP_S = 0.5  # simulated seconds that one discrete move takes
_FAR_M = 1e4


class Household(gym.Env[dict[str, Any], Any]):
    """A body with a head camera in a furnished apartment.

    seed, rooms: which apartment, as `make_apartment` takes them. control_mode: "discrete", six moves of 0.25 m and 30
    degrees, or "base_twist", (v m/s, w rad/s) for 0.1 s. depth_noise: noisy depth; without it depth is exact. Depth spans
    0.5-5 m, 0 outside. sliding: slide along what is touched instead of stopping. max_steps: then the episode is truncated.
    culling: draw only what the camera can see, which changes no pixel. verbs: the body has a hand; the action space is then a
    Dict of motion, verb, target and pixel_uv (`verbs.apply_verb`, `gym_io.to_gym`).

    Observations have the standard keys of `Observation.from_gym` with one camera, "head". `info["feedback"]` tells what came
    of the action (`ok`, `error`, `message`), `info["collided"]` whether the motion was stopped. `reset(options=...)` takes
    {"episode": NavigationEpisode} or {"goal": Goal}. The truth is in `oracle`, and nowhere else.
    """

    metadata = {"render_modes": ["rgb_array"], "render_fps": 10}  # noqa: RUF012 - Gymnasium's own attribute

    def __init__(
        self,
        seed: int = 0,
        rooms: int | None = None,
        control_mode: Literal["discrete", "base_twist"] = "discrete",
        verbs: bool = False,
        width: int = 320,
        height: int = 240,
        depth_noise: bool = False,
        sliding: bool = False,
        max_steps: int = 500,
        culling: bool = True,
        render_mode: Literal["rgb_array"] | None = None,
    ) -> None:
        if control_mode not in ("discrete", "base_twist"):
            raise ConfigError(f'control_mode is "discrete" or "base_twist", not {control_mode!r}')
        self.seed, self.rooms, self.control_mode, self.verbs = seed, rooms, control_mode, verbs
        self.width, self.height, self.sliding, self.max_steps = width, height, sliding, max_steps
        self.render_mode = render_mode
        self._sensor, self._culling = DepthSensor(noisy=depth_noise), culling
        self._K = intrinsics(width, height)
        self.embodiment = _embodiment(control_mode, width, height, self._sensor, verbs)
        self.observation_space = _observation_space(width, height)
        self.action_space = _action_space(control_mode)
        if verbs:
            self.action_space = _with_verbs(self.action_space, width, height)
        self.oracle = Oracle(self)
        self.targets: tuple[int, ...] = ()
        self._world: World | None = None
        self._renderer: Renderer | None = None
        self._state: WorldState | None = None
        self._rgb: NDArray[np.uint8] | None = None
        self._pictured: WorldState | None = None  # what `_rgb` shows

    @property
    def world(self) -> World:
        """The loaded apartment. Raises ConfigError before the first reset."""
        if self._world is None:
            raise ConfigError("call reset() before using the environment")
        return self._world

    @property
    def renderer(self) -> Renderer:
        """The renderer of the loaded apartment, made when first used."""
        if self._renderer is None:
            self._renderer = Renderer(self.world.compiled, self.width, self.height, self._sensor, self._culling)
        return self._renderer

    @property
    def state(self) -> WorldState:
        """The current state. Raises ConfigError before the first reset."""
        if self._state is None:
            raise ConfigError("call reset() before using the environment")
        return self._state

    @property
    def view(self) -> View:
        """What the body sees now, by the true segmentation: for the verbs, and for what an agent is told in words."""
        pose = camera_pose(self.state.base, self.state.pitch_rad)
        return View(self.renderer.segmentation(self.state, pose), self._K, pose)

    def save_state(self) -> WorldState:
        """The state, immutable: keep it as it is."""
        return self.state

    def restore_state(self, state: WorldState) -> None:
        """Go back to a saved state of the same apartment, exactly."""
        now = self.state
        fits = state.pose.shape == now.pose.shape and state.opening.shape == now.opening.shape
        if state.apartment != now.apartment or not fits:
            raise ConfigError("the state belongs to another apartment; reset to that apartment first")
        self._state = state

    def reset(
        self, *, seed: int | None = None, options: Mapping[str, Any] | None = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Start an episode. Without options the body starts at a random free place, which `seed` decides."""
        super().reset(seed=seed)
        chosen = dict(options or {})
        episode, goal = chosen.pop("episode", None), chosen.pop("goal", None)
        if chosen:
            raise ConfigError(f'reset takes the options "episode" and "goal", not {", ".join(map(repr, sorted(chosen)))}')
        if episode is not None and not isinstance(episode, NavigationEpisode):
            raise ConfigError(f'the option "episode" takes a NavigationEpisode, not {type(episode).__name__}')
        self._load(*((episode.apartment_seed, episode.rooms) if episode is not None else (self.seed, self.rooms)))
        noise = int(self.np_random.integers(2**63))
        state = initial_state(self.world.apartment, seed=noise)
        start = episode.start if episode is not None else self._random_start(state)
        self._state = initial_state(self.world.apartment, start, noise)
        if self.verbs:
            self._state = settle(self.world, self._state)
        self.targets = episode.targets if episode is not None else self._targets(goal)
        return self._observe(""), _info(True, "", "", False)

    def step(self, action: Any) -> tuple[dict[str, Any], float, bool, bool, dict[str, Any]]:
        """Take one action. The reward is 0: success and path length are the metrics' to judge."""
        if self.verbs:
            if action["verb"]:
                return self._interact(action)
            action = action["motion"]
        state, prints = self.state, self.world.obstacles.footprints(self.state)
        stopped = False
        if self.control_mode == "discrete":
            name = DISCRETE_ACTIONS[int(action)]
            stopped = name == "stop"
            moved = motion.discrete(state, name, prints, self.sliding)
        else:
            v, w = np.clip(np.asarray(action, dtype=np.float64), np.negative(TWIST_LIMITS), TWIST_LIMITS)
            moved = motion.twist(state, float(v), float(w), 1.0 / TWIST_RATE_HZ, prints, self.sliding)
        self._state = motion.counted(moved.state, moved.collided)
        message = "something is in the way" if moved.collided else ""
        info = _info(not moved.collided, "collision" if moved.collided else "", message, moved.collided)
        return self._observe(message), 0.0, stopped, self.state.steps >= self.max_steps, info

    def _interact(self, action: Mapping[str, Any]) -> tuple[dict[str, Any], float, bool, bool, dict[str, Any]]:
        """Apply a verb to what is in view."""
        u, v = (int(each) for each in action["pixel_uv"])
        interaction = Interaction(VERBS[int(action["verb"]) - 1], action["target"], None if u < 0 or v < 0 else (u, v))
        after, feedback = apply_verb(self.world, self.state, self.view, interaction)
        self._state = motion.counted(after)
        info = {"feedback": feedback.as_info(), "collided": False}
        return self._observe(feedback.message), 0.0, False, self.state.steps >= self.max_steps, info

    def render(self) -> NDArray[np.uint8] | None:
        """The picture of the current state, (H, W, 3) uint8, with render_mode="rgb_array"; None before there is one."""
        if self.render_mode is None or self._rgb is None:
            return None
        if self._pictured is not self.state:  # which was restored, and not looked at since
            self._rgb, _ = self.renderer.rgbd(self.state)
            self._pictured = self.state
        return self._rgb.copy()

    def close(self) -> None:
        """Free the OpenGL context."""
        if self._renderer is not None:
            self._renderer.close()
            self._renderer = None

    def _load(self, seed: int, rooms: int | None) -> None:
        world = load_world(seed, rooms)
        if world is not self._world:
            self.close()
            self._world = world

    def _random_start(self, state: WorldState) -> tuple[float, float, float]:
        start = self.world.random_start(state, self.np_random)
        if start is None:
            raise ConfigError(f"the apartment of seed {self.seed} has no free floor to stand on; take another seed")
        return start

    def _targets(self, goal: Goal | None) -> tuple[int, ...]:
        """The objects that a goal means and that can be seen from somewhere: nobody can be asked to find what is shut away."""
        if goal is None:
            return ()
        state = self.state
        return tuple(i for i in resolve(goal, self.world.apartment) if self.world.view_points(state, i).any())

    def _observe(self, message: str) -> dict[str, Any]:
        state = self.state
        pose = camera_pose(state.base, state.pitch_rad)
        self._rgb, depth = self.renderer.rgbd(state, pose)
        self._pictured = state
        stamp = np.float64(state.steps * (DISCRETE_STEP_S if self.control_mode == "discrete" else 1.0 / TWIST_RATE_HZ))
        head = {"rgb": self._rgb, "depth": depth, "K": self._K.copy(), "T_world_camera": pose, "stamp_s": np.array([stamp])}
        return {
            "cameras": {"head": head},
            "T_world_base": base_pose(state.base),
            "text": message,
            "stamp_s": np.array([stamp]),
        }


def _info(ok: bool, error: str, message: str, collided: bool) -> dict[str, Any]:
    return {"feedback": {"ok": ok, "error": error, "message": message}, "collided": collided}


def _embodiment(
    control_mode: Literal["discrete", "base_twist"], width: int, height: int, sensor: DepthSensor, verbs: bool
) -> Embodiment:
    camera = CameraInfo("head", width, height, HFOV_RAD, sensor.range_m)
    body = {"cameras": (camera,), "radius_m": motion.BODY_RADIUS_M, "height_m": BODY_HEIGHT_M}
    body |= {"skills": frozenset(VERBS if verbs else ()), "simulated": True}
    if control_mode == "discrete":
        return Embodiment(
            "household",
            "discrete",
            DISCRETE_ACTIONS,
            forward_m=motion.FORWARD_M,
            turn_rad=motion.TURN_RAD,
            look_rad=motion.LOOK_RAD,
            **body,  # type: ignore[arg-type]
        )
    v, w = TWIST_LIMITS
    return Embodiment(
        "household",
        "base_twist",
        labels=("v", "w"),
        units=("m/s", "rad/s"),
        low=(-v, -w),
        high=(v, w),
        rate_hz=TWIST_RATE_HZ,
        **body,  # type: ignore[arg-type]
    )


def _action_space(control_mode: str) -> gym.Space[Any]:
    if control_mode == "discrete":
        return gym.spaces.Discrete(len(DISCRETE_ACTIONS))
    limits = np.array(TWIST_LIMITS, dtype=np.float32)
    return gym.spaces.Box(-limits, limits, dtype=np.float32)


def _with_verbs(motion_space: gym.Space[Any], width: int, height: int) -> gym.spaces.Dict:
    """A motion or, where `verb` is not 0, an interaction, as `gym_io.to_gym` writes it; pixel (-1, -1) = none."""
    pixels = gym.spaces.Box(np.array([-1, -1]), np.array([width - 1, height - 1]), dtype=np.int64)
    target = gym.spaces.Text(max_length=200, min_length=0, charset=_CHARACTERS)
    verb = gym.spaces.Discrete(1 + len(VERBS))
    return gym.spaces.Dict({"motion": motion_space, "verb": verb, "target": target, "pixel_uv": pixels})


def _observation_space(width: int, height: int) -> gym.spaces.Dict:
    pose = gym.spaces.Box(-_FAR_M, _FAR_M, (4, 4), dtype=np.float64)
    stamp = gym.spaces.Box(0.0, np.inf, (1,), dtype=np.float64)
    head: dict[str, gym.Space[Any]] = {
        "rgb": gym.spaces.Box(0, 255, (height, width, 3), dtype=np.uint8),
        "depth": gym.spaces.Box(0.0, _FAR_M, (height, width), dtype=np.float32),
        "K": gym.spaces.Box(0.0, _FAR_M, (3, 3), dtype=np.float64),
        "T_world_camera": pose,
        "stamp_s": stamp,
    }
    text = gym.spaces.Text(max_length=500, min_length=0, charset=_CHARACTERS)
    cameras = gym.spaces.Dict({"head": gym.spaces.Dict(head)})
    return gym.spaces.Dict({"cameras": cameras, "T_world_base": pose, "text": text, "stamp_s": stamp})


_CHARACTERS = "".join(map(chr, range(32, 127)))

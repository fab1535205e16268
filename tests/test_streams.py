"""Where mirrored pictures come from: films, single pictures and cameras, and when each of their pictures was taken."""

from __future__ import annotations

import queue
import threading
import time
from contextlib import closing
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from enactive.controllers.poseless.streams import Camera, Film
from enactive.errors import ConfigError, ControllerError


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The clock of streams, as a list of one moment that a test moves."""
    now = [5.0]
    monkeypatch.setattr("enactive.controllers.poseless.streams.time.perf_counter", lambda: now[0])
    return now


def film_of(path: Path, colours: list[tuple[int, int, int]]) -> Path:
    """A film of 10 pictures a second, each in one colour (RGB)."""
    film = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10.0, (64, 48))
    for colour in colours:
        film.write(np.full((48, 64, 3), colour[::-1], dtype=np.uint8))
    film.release()
    return path


def test_a_film_is_played_at_its_pace_and_a_picture_stands_still(tmp_path: Path, now: list[float]) -> None:
    colours = [(200, 30, 30), (30, 200, 30), (30, 30, 200)]
    picture = np.full((48, 64, 3), colours[0], dtype=np.uint8)
    cv2.imwrite(str(tmp_path / "hand.png"), picture[..., ::-1])
    with closing(Film(str(tmp_path / "hand.png"))) as camera:
        for _ in range(3):
            np.testing.assert_array_equal(camera.picture(), picture)
    with closing(Film(str(film_of(tmp_path / "film.avi", colours)))) as camera:
        for at_s, shown in ((5.0, 0), (5.05, 0), (5.15, 1), (5.25, 2), (9.0, 2)):
            now[0] = at_s
            assert int(camera.picture().mean(axis=(0, 1)).argmax()) == shown, at_s
            taken_s = 5.0 + 0.1 * shown if at_s < 9.0 else np.nan  # at 10 pictures a second; what stands still has no age
            assert camera.taken_s == pytest.approx(taken_s, nan_ok=True)
        camera.close()
        assert int(camera.picture().mean(axis=(0, 1)).argmax()) == 0  # opened anew, from its beginning
        assert camera.taken_s == 9.0


@pytest.mark.parametrize("shown", [1, 14])
def test_a_film_that_breaks_ages_however_often_it_is_asked(shown: int, tmp_path: Path, now: list[float]) -> None:
    """Its header tells of 30 pictures, whatever became of the rest of the file."""
    path = film_of(tmp_path / "film.avi", [(200, 30, 30)] * 30)
    head, body = path.read_bytes().split(b"movi")
    pictures = body.split(b"00dc")  # which begins each of them
    path.write_bytes(head + b"movi" + b"00dc".join(pictures[: shown + 1]))
    with closing(Film(str(path))) as film:
        for _ in range(100):
            film.picture()
            assert film.taken_s <= 5.0 + 0.1 * (shown - 1) + 1e-9, f"at {now[0]:.1f}"
            now[0] += 0.1
        assert film.taken_s == pytest.approx(5.0 + 0.1 * (shown - 1))


class Queueing:
    """A capture whose driver keeps every picture until it is read, whatever it is told of buffers."""

    def __init__(self, source: str) -> None:
        self.pictures: queue.Queue[int | None] = queue.Queue()
        self.drained, self.lock = threading.Event(), threading.Lock()
        self.see(1, 2, 3)

    def see(self, *greys: int | None) -> None:
        with self.lock:
            self.drained.clear()
            for grey in greys:
                self.pictures.put(grey)

    def isOpened(self) -> bool:
        return True

    def set(self, what: int, value: float) -> bool:
        return False

    def read(self) -> tuple[bool, NDArray[np.uint8] | None]:
        with self.lock:
            if self.pictures.empty():
                self.drained.set()
        grey = self.pictures.get()
        return grey is not None, None if grey is None else np.full((4, 4, 3), (grey, 0, 0), dtype=np.uint8)

    def release(self) -> None:
        self.released = True


def watch(camera: Camera, seconds: float = 5.0) -> None:
    """Ask for pictures until the camera's thread has met what ends them."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        camera.picture()


def test_a_camera_shows_the_newest_picture_whatever_its_driver_keeps(now: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cv2, "VideoCapture", Queueing)
    camera = Camera("rtsp://camera")
    camera.picture()
    capture = camera._capture
    assert isinstance(capture, Queueing)
    for more, newest in ((), 3), ((4, 5), 5), ((6, 7, 8, 9), 9):
        if more:
            capture.see(*more)
        assert capture.drained.wait(5.0)
        assert camera.picture()[0, 0].tolist() == [0, 0, newest]  # blue comes last in RGB
        assert camera.taken_s == 5.0
    now[0] += 2.1  # and the driver gives nothing new
    with pytest.raises(ControllerError, match="no picture for 2 s"):
        camera.picture()
    now[0] -= 2.1
    capture.see(None)
    with pytest.raises(ControllerError, match=r"'rtsp://camera' failed: .*gives no picture"):
        watch(camera)
    camera.close()
    assert capture.released


def test_what_is_no_camera_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no file"):
        Film(str(tmp_path / "none.mp4"))
    with pytest.raises(ConfigError, match="as a file is a Film"):
        Camera(str(tmp_path / "hand.png"))
    (tmp_path / "words.mp4").write_text("no film")
    with pytest.raises(ControllerError, match=r"cannot open|no picture"):
        Film(str(tmp_path / "words.mp4")).picture()
    with pytest.raises(ControllerError, match="cannot open"):
        Camera("97").picture()

"""`episode.rrd`: the run for the Rerun viewer."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import rerun as rr

from enactive.agents.episode import Step
from enactive.perception import Belief

DEPTH_EVERY = 10  # depth pictures dominate the size of a recording


class RerunLog:
    """Streams pictures, poses, scene-graph nodes and the matching score of each step to a file."""

    def __init__(self, path: Path) -> None:
        self._stream = rr.RecordingStream("enactive")
        self._stream.save(str(path))
        self._stream.log("world", rr.ViewCoordinates.RIGHT_HAND_Z_UP, static=True)

    def step(self, step: Step, belief: Belief) -> None:
        """Log one step."""
        stream = self._stream
        stream.set_time("step", sequence=step.index)
        for name, frame in belief.observation.cameras.items():
            pose = frame.T_world_camera
            stream.log(f"world/{name}", rr.Transform3D(translation=pose[:3, 3], mat3x3=pose[:3, :3]))
            height, width = frame.rgb.shape[:2]
            stream.log(f"world/{name}", rr.Pinhole(image_from_camera=frame.K, resolution=[width, height]))
            stream.log(f"world/{name}/rgb", rr.Image(frame.rgb).compress(jpeg_quality=80))
            if frame.depth is not None and step.index % DEPTH_EVERY == 0:
                stream.log(f"world/{name}/depth", rr.DepthImage(frame.depth.astype(np.float16), meter=1.0))
        if step.T_world_base is not None:
            stream.log("world/body", rr.Points3D([step.T_world_base[:3, 3]], radii=0.1))
        if belief.scene_graph is not None and len(belief.scene_graph):
            nodes = list(belief.scene_graph)
            stream.log(
                "world/scene_graph",
                rr.Boxes3D(
                    centers=[node.centre_m for node in nodes],
                    half_sizes=[node.half_size_m for node in nodes],
                    labels=[node.name for node in nodes],
                ),
            )
        if isinstance(step.trace.get("S"), float):
            stream.log("S", rr.Scalars(step.trace["S"]))

    def close(self) -> None:
        """Flush the file."""
        self._stream.disconnect()

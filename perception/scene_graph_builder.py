"""Keeping the scene graph true while the agent looks around: association, merging, and evidence against what is not there.

In the line of ConceptGraphs and the object map of UniGoal, with three differences: meaning takes part in the association
beside geometry, nodes lose to views that contradict them, and the cost of an update depends on what is in view, not on how
much is known (arrays over all nodes are only touched by single vector operations).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from enactive.envs.observation import CameraFrame

from .base import Detection
from .colours import lab_of, name_colour
from .corrections import Refusals
from .lifting import Segment, lift
from .relations import RelationKeeper
from .scene_graph import SceneGraph, SceneNode
from .tracks import Track, TrackTable, sector_of, voxel_keys
from .visibility import look_again

REACH_M = 0.05  # boxes nearer than this may be one object
NEAR_M = 2.0  # distance at which a vote weighs half
SAME_MEANING = 0.8  # cosine of embeddings, for names that differ
MIN_SHARE = 0.15  # of voxels or box shared, for the same meaning
STRONG_SHARE = 0.5  # of voxels shared, whatever the meaning
MAX_GONE = 3  # looks in a row through a place where an object should be


class SceneGraphBuilder:
    """Builds and maintains `graph` from detections.

    depth_range_m: depths outside do not count. min_area_px: smaller masks are not lifted. exact_masks: masks come from a
    renderer (nothing is trimmed from them). measure_colours: attributes are measured on the pixels. ignore: names that
    are no objects.
    """

    def __init__(
        self,
        depth_range_m: tuple[float, float] = (0.1, 5.0),
        min_area_px: int = 25,
        exact_masks: bool = False,
        measure_colours: bool = True,
        ignore: frozenset[str] = frozenset({"wall", "floor", "ceiling"}),
    ) -> None:
        self.depth_range_m = depth_range_m
        self.min_area_px = min_area_px
        self.exact_masks = exact_masks
        self.measure_colours = measure_colours
        self.ignore = ignore
        self.graph = SceneGraph()
        self.table = TrackTable()
        self.relations = RelationKeeper()
        self.refusals = Refusals()
        self.moved: tuple[int, ...] = ()  # nodes whose box changed in the last update
        self.updates = 0
        self._next_id = 0
        self._of_instance: dict[int, int] = {}

    def update(
        self,
        detections: Sequence[Detection],
        frame: CameraFrame,
        attributes: Sequence[Mapping[str, float]] | None = None,
        instances: Sequence[int] | None = None,
    ) -> tuple[Detection, ...]:
        """Take the detections of one picture in; they come back with their `node_id` (-1: not lifted, or refused).

        attributes: words with scores, one mapping per detection. instances: ids that are the same for the same object in
        every picture; they then decide the association. Both in the order of the detections. The frame needs depth.
        """
        self._follow_corrections()
        usable = [i for i, detection in enumerate(detections) if detection.name not in self.ignore]
        segments = lift([detections[i] for i in usable], frame, self.depth_range_m, self.min_area_px, self.exact_masks)
        camera_m = frame.T_world_camera[:3, 3]
        ids = [-1] * len(detections)
        touched: dict[int, bool] = {}
        for segment in segments:
            index = usable[segment.index]
            detection = detections[index]
            if self.refusals.refuse(detection, segment, camera_m, -1 if instances is None else instances[index]):
                continue
            keys = voxel_keys(segment.points_m)
            instance = -1 if instances is None else instances[index]
            track = self._associate(detection, segment, keys, instance)
            known = track is not None
            if track is None:
                track = Track(self._next_id, keys, np.zeros(len(detection.embedding)), instance=instance)
                self._next_id += 1
            grown = track.add_voxels(keys) if known else True
            self._vote(track, detection, segment, frame, None if attributes is None else attributes[index])
            track.views |= 1 << sector_of(camera_m, segment.centre_m)
            if known:
                self.table.refresh(track, grown)
            else:
                self.table.append(track)
                if instance >= 0:
                    self._of_instance[instance] = track.id
            touched[track.id] = touched.get(track.id, False) or grown
            ids[index] = track.id
        merged = {} if instances is not None else self._deduplicate([i for i, grown in touched.items() if grown])
        ids = [merged.get(i, i) for i in ids]
        changed = {merged.get(i, i): grown for i, grown in touched.items()}
        changed |= {i: False for i in self._contradict(frame, set(changed)) if i not in changed}
        self._publish(changed)
        self.updates += 1
        return tuple(replace(detection, node_id=i) for detection, i in zip(detections, ids, strict=True))

    def _follow_corrections(self) -> None:
        """What a reader removed leaves the tracks, and is remembered as refused."""
        for node_id in self.graph.removed[self.refusals.followed :]:
            if node_id in self.table.row_of:
                row = self.table.row_of[node_id]
                self.refusals.add(self.table.tracks[row], self.table.low_m[row], self.table.high_m[row])
                self._of_instance.pop(self.table.remove(node_id).instance, None)
                self.relations.forget(node_id)
        self.refusals.followed = len(self.graph.removed)

    def _associate(self, detection: Detection, segment: Segment, keys: NDArray[np.int64], instance: int) -> Track | None:
        """The track that a segment belongs to: by instance where known, else by shared space and meaning."""
        if instance >= 0:
            row = self.table.row_of.get(self._of_instance.get(instance, -1))
            return None if row is None else self.table.tracks[row]
        best, best_value = None, 0.0
        for row, share in self._shared(keys, segment.low_m, segment.high_m):
            track = self.table.tracks[row]
            cosine = float(self.table.embeddings[row] @ detection.embedding)
            voted = track.names.get(detection.name, 0.0) / sum(track.names.values())
            voxels, boxes, alike = share
            same = voted >= 0.2 or cosine >= SAME_MEANING
            if (same and max(voxels, boxes) >= MIN_SHARE) or (voxels >= STRONG_SHARE and alike >= 0.5):
                value = max(voxels, boxes) + 0.5 * max(voted, cosine) + 0.5 * alike
                if value > best_value:
                    best, best_value = track, value
        return best

    def _shared(
        self, keys: NDArray[np.int64], low_m: NDArray[np.float64], high_m: NDArray[np.float64]
    ) -> list[tuple[int, tuple[float, float, float]]]:
        """Rows whose box comes within reach of a box: (share of voxels, share of the smaller box, likeness of size)."""
        n = len(self.table)
        low, high = self.table.low_m[:n], self.table.high_m[:n]
        near = np.flatnonzero(((low <= high_m + REACH_M) & (high >= low_m - REACH_M)).all(axis=1))
        if not len(near):
            return []
        grow = REACH_M / 2
        common = np.minimum(high[near], high_m) - np.maximum(low[near], low_m) + grow
        theirs, mine = high[near] - low[near] + grow, high_m - low_m + grow
        shared = np.prod(np.clip(common, 0.0, None), axis=1) / np.minimum(np.prod(theirs, axis=1), np.prod(mine))
        size, my_size = theirs.max(axis=1), float(mine.max())
        alike = np.minimum(size, my_size) / np.maximum(size, my_size)
        return [
            (int(row), (self.table.tracks[row].overlap(keys), float(box), float(like)))
            for row, box, like in zip(near, shared, alike, strict=True)
        ]

    def _vote(
        self, track: Track, detection: Detection, segment: Segment, frame: CameraFrame, words: Mapping[str, float] | None
    ) -> None:
        """Add what one sighting says: near and certain views count more."""
        weight = max(detection.score, 1e-3) / (1.0 + (segment.distance_m / NEAR_M) ** 2)
        track.names[detection.name] = track.names.get(detection.name, 0.0) + weight
        track.scores[detection.name] = track.scores.get(detection.name, 0.0) + weight * detection.score
        track.pull += weight * np.sqrt(segment.area_px) * detection.embedding
        for word, score in (words or {}).items():
            total, so_far = track.words.get(word, (0.0, 0.0))
            track.words[word] = (total + weight * score, so_far + weight)
        if self.measure_colours:
            track.colours = [*track.colours[-14:], lab_of(frame.rgb.reshape(-1, 3)[segment.pixels])]
        if track.last_seen != self.updates:
            track.sightings += 1
            track.last_seen = self.updates
        track.hits += weight
        track.gone = 0
        track.nearest_m = min(track.nearest_m, segment.distance_m)
        track.farthest_m = max(track.farthest_m, segment.distance_m)

    def _deduplicate(self, grown: Sequence[int]) -> dict[int, int]:
        """Merge tracks that came to share their space with one of the same meaning; gone id -> kept id."""
        merged: dict[int, int] = {}
        for track_id in grown:
            if track_id in merged:
                continue
            row = self.table.row_of[track_id]
            track = self.table.tracks[row]
            for other_row, (_, boxes, alike) in self._shared(track.keys, self.table.low_m[row], self.table.high_m[row]):
                other = self.table.tracks[other_row]
                if other is track:
                    continue
                same = track.name == other.name or float(self.table.embeddings[row] @ self.table.embeddings[other_row]) >= 0.9
                shared = max(other.overlap(track.keys), track.overlap(other.keys))
                if (same and (shared >= 0.3 or boxes >= 0.6)) or (shared >= 0.6 and alike >= 0.6):
                    kept, gone = (track, other) if track.id < other.id else (other, track)
                    merged = {old: kept.id if new == gone.id else new for old, new in merged.items()} | {gone.id: kept.id}
                    kept.absorb(gone)
                    self.table.remove(gone.id)
                    self.table.refresh(kept, grown=True)
                    if gone.id in self.graph.nodes and kept.id in self.graph.nodes:
                        self.graph.merge(kept.id, gone.id)
                    self.relations.forget(gone.id)
                    break
        return merged

    def _contradict(self, frame: CameraFrame, seen: set[int]) -> list[int]:
        """Count the looks that speak against tracks in view, and drop what is not there; ids whose evidence changed."""
        gone, missed = look_again(self.table, frame, self.depth_range_m, seen)
        changed = [self.table.tracks[row].id for row in (*gone, *missed)]
        for row in gone:
            self.table.tracks[row].gone += 1
            self.table.tracks[row].misses += 0.5
        for row in missed:
            self.table.tracks[row].misses += 0.1
        for track_id in list(changed):
            track = self.table.tracks[self.table.row_of[track_id]]
            if track.gone >= MAX_GONE or (track.sightings < 3 and track.misses > 2.0 * track.hits):
                self.table.remove(track_id)
                self._of_instance.pop(track.instance, None)
                self.relations.forget(track_id)
                changed.remove(track_id)
                if track_id in self.graph.nodes:
                    self.graph.drop(track_id)
        return changed

    def _publish(self, changed: Mapping[int, bool]) -> None:
        """Write what changed into the graph, then redo the relations of what moved or grew."""
        self.moved = tuple(i for i, grown in changed.items() if grown)
        if not changed:
            return
        for track_id in changed:
            row = self.table.row_of[track_id]
            track = self.table.tracks[row]
            low, high = self.table.low_m[row], self.table.high_m[row]
            node = self.graph.nodes.get(track_id)
            if node is None:
                node = SceneNode(
                    track_id, track.name, 0.0, 0, (low + high) / 2, (high - low) / 2, self.table.embeddings[row].copy()
                )
                self.graph.nodes[track_id] = node
            node.name = self.graph.names_given.get(track_id, track.name)
            node.score = track.score
            node.sightings = track.sightings
            node.centre_m, node.half_size_m = (low + high) / 2, (high - low) / 2
            node.embedding = self.table.embeddings[row].copy()
            node.attributes = {word: total / weight for word, (total, weight) in track.words.items()}
            if track.colours:
                node.attributes |= name_colour(np.median(track.colours, axis=0))
        self.graph.version += 1
        self.relations.update(self.graph, self.table, self.moved)

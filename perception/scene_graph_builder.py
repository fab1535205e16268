"""Keeping the scene graph true while the agent looks around: association, merging, and evidence against what is not there.

In the line of ConceptGraphs and the object map of UniGoal, with three differences: meaning takes part in the association
beside geometry, nodes lose to views that contradict them, and the cost of an update depends on what is in view, not on how
much is known (arrays over all nodes are only touched by single vector operations).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from enactive.envs.observation import CameraFrame

from .association import associate, twin_of
from .base import Detection
from .colours import Exposure, linear_to_lab, middle, name_colour, rgb_to_linear
from .corrections import Refusals
from .forms import name_form
from .lifting import Segment, lift
from .relations import RelationKeeper
from .scene_graph import SceneGraph, SceneNode
from .tracks import Track, TrackTable, sector_of, voxel_keys
from .visibility import look_again

NEAR_M = 2.0  # distance at which a vote weighs half
MAX_GONE = 3  # looks in a row through a place where an object should be
GONE_COSTS, MISSED_COSTS = 0.5, 0.1  # what a look through its place, and a look that did not name it, weigh against a node
BRIEF = 3  # sightings below which misses alone can end a node
COLOURS_KEPT = 15


class SceneGraphBuilder:
    """Builds and maintains `graph` from detections.

    depth_range_m: depths outside do not count. min_area_px: smaller masks are not lifted. exact_masks: masks come from a
    renderer (nothing is trimmed from them). measure: colours are measured on the pixels, forms on the boxes. ignore: names
    that are no objects. moved: ids of the nodes whose box changed in the last update.
    """

    def __init__(
        self,
        depth_range_m: tuple[float, float] = (0.1, 5.0),
        min_area_px: int = 25,
        exact_masks: bool = False,
        measure: bool = True,
        ignore: frozenset[str] = frozenset({"wall", "floor", "ceiling"}),
    ) -> None:
        self.depth_range_m = depth_range_m
        self.min_area_px = min_area_px
        self.exact_masks = exact_masks
        self.measure = measure
        self.ignore = ignore
        self.graph = SceneGraph()
        self.table = TrackTable()
        self.relations = RelationKeeper()
        self.refusals = Refusals()
        self.exposure = Exposure()
        self.moved: tuple[int, ...] = ()
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
        if self.measure:
            self.exposure.update(frame.rgb)
        usable = [i for i, detection in enumerate(detections) if detection.name not in self.ignore]
        segments = lift([detections[i] for i in usable], frame, self.depth_range_m, self.min_area_px, self.exact_masks)
        ids = [-1] * len(detections)
        changed: dict[int, bool] = {}  # node -> whether its box changed
        for segment in segments:
            index = usable[segment.index]
            words = None if attributes is None else attributes[index]
            track, grown = self._take(detections[index], segment, frame, words, -1 if instances is None else instances[index])
            if track is not None:
                ids[index] = track.id
                changed[track.id] = changed.get(track.id, False) or grown
        doubted, unnamed = self._contradict(frame, set(changed))
        changed |= dict.fromkeys(doubted, False)
        if instances is None:
            merged = self._deduplicate([i for i, grown in changed.items() if grown] + unnamed)
            ids = [merged.get(i, i) for i in ids]
            changed = {i: grown for i, grown in changed.items() if i not in merged} | dict.fromkeys(merged.values(), True)
        self._publish(changed)
        self.updates += 1
        return tuple(replace(detection, node_id=i) for detection, i in zip(detections, ids, strict=True))

    def _follow_corrections(self) -> None:
        """What a reader removed leaves the tracks, and is remembered as refused."""
        for node_id in self.graph.removed[self.refusals.followed :]:
            if node_id in self.table.row_of:
                row = self.table.row_of[node_id]
                self.refusals.add(self.table.tracks[row], self.table.low_m[row], self.table.high_m[row])
                self._forget(node_id)
        self.refusals.followed = len(self.graph.removed)

    def _forget(self, track_id: int) -> None:
        track = self.table.remove(track_id)
        self._of_instance.pop(track.instance, None)
        self.relations.forget(track_id)

    def _take(
        self, detection: Detection, segment: Segment, frame: CameraFrame, words: Mapping[str, float] | None, instance: int
    ) -> tuple[Track | None, bool]:
        """Add one segment to its track, new or known; the track (None: refused) and whether its box changed."""
        camera_m = frame.T_world_camera[:3, 3]
        if self.refusals.refuse(detection, segment, camera_m, instance):
            return None, False
        keys = voxel_keys(segment.points_m)
        if instance < 0:
            track = associate(self.table, detection, segment, keys)
        else:
            row = self.table.row_of.get(self._of_instance.get(instance, -1))
            track = None if row is None else self.table.tracks[row]
        new = track is None
        if track is None:
            track = Track(self._next_id, keys, np.zeros(len(detection.embedding)), instance=instance)
            self._next_id += 1
            if instance >= 0:
                self._of_instance[instance] = track.id
        grown = new or track.add_voxels(keys)
        self._vote(track, detection, segment, words)
        if self.measure:
            seen = frame.rgb.reshape(-1, 3)[segment.pixels]
            track.colours = [*track.colours[1 - COLOURS_KEPT :], rgb_to_linear(middle(seen))]
        track.views |= 1 << sector_of(camera_m, segment.centre_m)
        if new:
            self.table.append(track)
        else:
            self.table.refresh(track, grown)
        return track, grown

    def _vote(self, track: Track, detection: Detection, segment: Segment, words: Mapping[str, float] | None) -> None:
        """Add what one sighting says: near and certain views count more, and the embedding of large ones."""
        weight = max(detection.score, 1e-3) / (1.0 + (segment.distance_m / NEAR_M) ** 2)
        track.names[detection.name] = track.names.get(detection.name, 0.0) + weight
        for scores, score in ((track.scores, detection.score), (track.even_scores, detection.even_score)):
            scores[detection.name] = scores.get(detection.name, 0.0) + weight * score
        track.pull += weight * np.sqrt(segment.area_px) * detection.embedding
        for word, score in (words or {}).items():
            total, so_far = track.words.get(word, (0.0, 0.0))
            track.words[word] = (total + weight * score, so_far + weight)
        if track.last_seen != self.updates:
            track.sightings += 1
            track.last_seen = self.updates
        track.hits += weight
        track.gone = 0
        track.nearest_m = min(track.nearest_m, segment.distance_m)
        track.farthest_m = max(track.farthest_m, segment.distance_m)

    def _contradict(self, frame: CameraFrame, seen: set[int]) -> tuple[list[int], list[int]]:
        """Count the looks that speak against tracks in view, and drop what is not there.

        Returns the ids that stay with less evidence, and those whose place shows something that was taken for another.
        """
        rows = look_again(self.table, frame, self.depth_range_m, seen)
        gone, unnamed, missed = ([self.table.tracks[row] for row in some] for some in rows)
        for track in gone:
            track.gone += 1
            track.misses += GONE_COSTS
        for track in missed:
            track.misses += MISSED_COSTS
        for track in (*gone, *missed):
            if track.gone >= MAX_GONE or (track.sightings < BRIEF and track.misses > 2.0 * track.hits):
                self._forget(track.id)
                self.graph.drop(track.id)
        known = self.table.row_of
        return [t.id for t in (*gone, *missed) if t.id in known], [t.id for t in unnamed if t.id in known]

    def _deduplicate(self, candidates: Iterable[int]) -> dict[int, int]:
        """Merge tracks that turn out to be one object, into the older; gone id -> kept id."""
        merged: dict[int, int] = {}
        for track_id in candidates:
            track = self.table.tracks[self.table.row_of[track_id]] if track_id in self.table.row_of else None
            twin = None if track is None else twin_of(self.table, track)
            if track is None or twin is None:
                continue
            kept, gone = (track, twin) if track.id < twin.id else (twin, track)
            merged = {old: kept.id if new == gone.id else new for old, new in merged.items()} | {gone.id: kept.id}
            kept.absorb(gone)
            self._forget(gone.id)
            self.table.refresh(kept, grown=True)
            self._publish_node(kept)
            if gone.id in self.graph.nodes:
                self.graph.merge(kept.id, gone.id)
        return merged

    def _publish(self, changed: Mapping[int, bool]) -> None:
        """Write what changed into the graph, then redo the relations of what moved or grew."""
        self.moved = tuple(i for i, grown in changed.items() if grown)
        for track_id in changed:
            self._publish_node(self.table.tracks[self.table.row_of[track_id]])
        if changed:
            self.graph.version += 1
            self.relations.update(self.graph, self.table, self.moved)

    def _publish_node(self, track: Track) -> None:
        row = self.table.row_of[track.id]
        low, high = self.table.low_m[row], self.table.high_m[row]
        centre_m, half_size_m, embedding = (low + high) / 2, (high - low) / 2, self.table.embeddings[row].copy()
        node = self.graph.nodes.get(track.id)
        if node is None:
            node = SceneNode(track.id, track.name, track.score, track.sightings, centre_m, half_size_m, embedding)
            self.graph.nodes[track.id] = node
        node.name = self.graph.names_given.get(track.id, track.name)
        node.score, node.even_score, node.sightings = track.score, track.even_score, track.sightings
        node.centre_m, node.half_size_m, node.embedding = centre_m, half_size_m, embedding
        node.attributes = {word: total / weight for word, (total, weight) in track.words.items()}
        if self.measure:
            node.attributes |= name_form(node.name, 2.0 * half_size_m)
        if track.colours:
            node.attributes |= name_colour(linear_to_lab(middle(np.array(track.colours)) * self.exposure.scale))

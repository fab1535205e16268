"""Where to stand before a thing, on the side that it was seen from."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import ndimage
from unigoal_scenes import floor, thing

from enactive.perception.geodesic import distance_field
from enactive.perception.mapping import OccupancyMap
from enactive.planners.approach import standing_place

TOILET = thing(1, "toilet", (0.35, 2.0, 0.4), (0.3, 0.2, 0.4))  # with its back to the wall at x = 0
BATHROOM = (1.5, -1.0)


def two_rooms(*, crowded: bool = False) -> OccupancyMap:
    """A wall at x = 0 with a way through it far below; crowded: boxes leave no room to stand around the toilet."""
    grid = floor([(-3.0, -3.0, 3.0, 3.0)])
    fill(grid, (-0.05, -1.5, 0.0, 3.0), tall=True)
    if crowded:
        fill(grid, (0.0, 0.9, 1.9, 3.0))
    return grid


def fill(grid: OccupancyMap, box: tuple[float, float, float, float], tall: bool = False) -> None:
    a, b = grid.cell_of(box[:2]), grid.cell_of(box[2:])
    grid.obstacle[a[0] : b[0] + 1, a[1] : b[1] + 1] = True
    grid.tall[a[0] : b[0] + 1, a[1] : b[1] + 1] |= tall
    grid.version += 1


def test_a_place_is_on_the_side_of_the_wall_that_the_thing_was_seen_from() -> None:
    grid = two_rooms()
    ways = distance_field(grid, (-1.0, 2.0))  # the body stands on the other side meanwhile
    place = standing_place(grid, TOILET, ways, 0.65, seen_from_m=BATHROOM)
    assert place is not None  # reason: the next line reads it
    assert place.point_m[0] > 0.0


def test_where_there_is_no_room_on_that_side_there_is_no_place() -> None:
    grid = two_rooms(crowded=True)
    ways = distance_field(grid, (1.5, -1.0))
    through_the_wall = standing_place(grid, TOILET, ways, 0.65)
    assert through_the_wall is not None  # reason: the next line reads it
    assert through_the_wall.point_m[0] < 0.0
    assert standing_place(grid, TOILET, ways, 0.65, seen_from_m=BATHROOM) is None


def test_a_thing_under_a_wall_cabinet_is_stood_before() -> None:
    grid = two_rooms()
    fill(grid, (0.0, 1.5, 0.6, 2.5), tall=True)  # the cabinet hangs over the counter that the mug stands on
    mug = thing(2, "mug", (0.3, 2.0, 0.95), (0.05, 0.05, 0.05))
    place = standing_place(grid, mug, distance_field(grid, (-1.0, 2.0)), 0.65, seen_from_m=(2.0, 2.2))
    assert place is not None  # reason: the next line reads it
    assert place.point_m[0] > 0.6


def test_a_place_is_not_behind_a_thing_that_stands_free() -> None:
    grid = floor([(-3.0, -3.0, 3.0, 3.0)])
    mug = thing(2, "mug", (0.0, 0.0, 0.3), (0.05, 0.05, 0.05))
    place = standing_place(grid, mug, distance_field(grid, (-2.0, 0.0)), 0.65, [(0.0, 0.0)], seen_from_m=(2.0, 0.0))
    assert place is not None  # reason: the next line reads it
    assert place.point_m[0] >= -0.2 * np.hypot(*place.point_m)


@given(st.lists(st.tuples(st.integers(-8, 8), st.integers(-8, 8), st.booleans()), max_size=6), st.floats(0.0, 6.28))
def test_a_short_way_over_nothing_tall_leads_from_the_place_to_the_thing(
    walls: list[tuple[int, int, bool]], angle: float
) -> None:
    grid = floor([(-3.0, -3.0, 3.0, 3.0)])
    for x, y, along in walls:
        fill(grid, (0.1 * x, 0.1 * y, 0.1 * x + 1.5 * along, 0.1 * y + 1.5 * (not along)), tall=True)
    mug = thing(2, "mug", (0.0, 0.0, 0.3), (0.05, 0.05, 0.05))
    a = grid.cell_of(mug.centre_m[:2])
    if grid.tall[tuple(a)]:
        return  # its front is elsewhere, as in the tests above
    seen_from = (2.0 * np.cos(angle), 2.0 * np.sin(angle))
    place = standing_place(grid, mug, distance_field(grid, (-2.0, -2.0)), 0.85, seen_from_m=seen_from)
    if place is not None:
        far = np.ones_like(grid.tall)
        far[a[0] - 18 : a[0] + 19, a[1] - 18 : a[1] + 19] = False  # a way around through another room does not count
        assert joined(grid.tall | far, a, grid.cell_of(place.point_m))


def test_a_thing_beyond_the_map_has_no_place_before_it() -> None:
    grid = floor([(-3.0, -3.0, 3.0, 3.0)])
    beyond = thing(2, "mug", (*(grid.origin_m - 3.0), 0.3), (0.05, 0.05, 0.05))
    assert standing_place(grid, beyond, distance_field(grid, (0.0, 0.0)), 0.65, seen_from_m=(0.0, 0.0)) is None


def joined(tall: NDArray[np.bool_], a: NDArray[np.int64], b: NDArray[np.int64]) -> bool:
    """Whether spreading from one cell over what is not tall comes to another."""
    start = np.zeros_like(tall)
    start[tuple(a)] = True
    return bool(ndimage.binary_dilation(start, mask=~tall, iterations=-1)[tuple(b)])

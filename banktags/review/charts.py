"""Geometry of the two charts that are drawn, as SVG paths; the others are bars that the page lays out itself."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from banktags.warehouse import Row

#: Size of a drawing: as wide as a phone, so that its text stays readable there.
WIDTH = 400
FLOW_HEIGHT, NODE_SLOT, NODE_GAP, LABEL_WIDTH, NODE_WIDTH = 400, 18, 10, 84, 7
PLOT_LEFT, PLOT_TOP, PLOT_SIZE = 44, 14, 300


@dataclass(frozen=True)
class Node:
    """A tier, or joined or left, at one side of the flow chart: how many moved from or to it, and where it stands."""

    tier: str
    name: str
    customers: int
    y: float
    height: float


@dataclass(frozen=True)
class Ribbon:
    """The customers who moved from one tier to another, as the path of a band as wide as they are many."""

    from_name: str
    to_name: str
    movement: str
    customers: int
    path: str


@dataclass(frozen=True)
class Flow:
    """The flow chart of a quarter: tiers when it began, tiers when it ended, and who moved between them."""

    origins: list[Node]
    destinations: list[Node]
    ribbons: list[Ribbon]


def flow(cells: Sequence[Row]) -> Flow:
    """Lay out the moves of a migration matrix, without those who stayed: beside them nobody else would be seen."""
    moves = [cell for cell in cells if cell["movement"] != "stayed"]
    origins = _nodes(cells, moves, "from")
    destinations = _nodes(cells, moves, "to")
    scale = _scale(origins, destinations)
    left, right = LABEL_WIDTH + NODE_WIDTH, WIDTH - LABEL_WIDTH - NODE_WIDTH
    middle = (left + right) / 2
    starts = {node.tier: node.y + (node.height - node.customers * scale) / 2 for node in origins}
    ends = {node.tier: node.y + (node.height - node.customers * scale) / 2 for node in destinations}
    ribbons = []
    for move in moves:
        if not move["customers"]:
            continue
        width = move["customers"] * scale
        top, bottom = starts[move["from_tier"]], ends[move["to_tier"]]
        starts[move["from_tier"]] += width
        ends[move["to_tier"]] += width
        seen = max(width, 1.2)  # a single customer is a line, not nothing
        path = (
            f"M{left} {top:.1f}C{middle} {top:.1f} {middle} {bottom:.1f} {right} {bottom:.1f}"
            f"V{bottom + seen:.1f}C{middle} {bottom + seen:.1f} {middle} {top + seen:.1f} {left} {top + seen:.1f}Z"
        )
        names = move["from_tier_name"], move["to_tier_name"]
        ribbons.append(Ribbon(*names, move["movement"], move["customers"], path))
    return Flow(origins, destinations, ribbons)


def _nodes(cells: Sequence[Row], moves: Iterable[Row], side: str) -> list[Node]:
    """The nodes of one side in the order of the matrix, from top to bottom, their heights to one scale."""
    names = {cell[f"{side}_tier"]: cell[f"{side}_tier_name"] for cell in cells}
    moved = dict.fromkeys(names, 0)
    for move in moves:
        moved[move[f"{side}_tier"]] += move["customers"]
    room = FLOW_HEIGHT - len(names) * NODE_SLOT - (len(names) - 1) * NODE_GAP
    nodes, y = [], 0.0
    for tier, name in names.items():
        height = NODE_SLOT + room * moved[tier] / max(sum(moved.values()), 1)
        nodes.append(Node(tier, name, moved[tier], y, height))
        y += height + NODE_GAP
    return nodes


def _scale(origins: Sequence[Node], destinations: Sequence[Node]) -> float:
    """Height of one customer, the same on both sides: that of the side with more nodes, which has less room."""
    scales = [
        (node.height - NODE_SLOT) / node.customers
        for nodes in (origins, destinations)
        for node in nodes
        if node.customers
    ]
    return min(scales, default=0.0)


def plot_x(percent: float) -> float:
    """Where a percentage of customers stands in the plot of the Lorenz curve."""
    return PLOT_LEFT + percent / 100 * PLOT_SIZE


def plot_y(share: float) -> float:
    """Where a share of AUM or profit stands in it."""
    return PLOT_TOP + (1 - share) * PLOT_SIZE


def line(points: Iterable[tuple[float, float]]) -> str:
    """The points of a curve as those of an SVG polyline."""
    return " ".join(f"{plot_x(percent):.1f},{plot_y(share):.1f}" for percent, share in points)


def heat(cells: Sequence[Row]) -> dict[tuple[str, str], float]:
    """How strongly each cell of the matrix is coloured, 0-0.75: moves by their share of the origin, to the largest.

    Who joined has no origin to compare with, so the row of the joined has a scale of its own; so have those who stayed.
    """
    scales = {"joined": "joined", "stayed": "stayed"}
    largest: dict[str, float] = {}
    for cell in cells:
        scale = scales.get(cell["movement"], "moved")
        largest[scale] = max(largest.get(scale, 0.0), cell["share_of_origin"] or 0.0)
    return {
        (cell["from_tier"], cell["to_tier"]): 0.75
        * ((cell["share_of_origin"] or 0.0) / (largest[scales.get(cell["movement"], "moved")] or 1.0)) ** 0.5
        for cell in cells
    }

"""Where it runs: QPU networks, links, placements and what they cost."""

from .cost_table import CostTable, cost_table
from .costs import COSTS
from .cuts import GateCut, gate_cut, operator_schmidt
from .link import LINK_MODELS, Link
from .network import QPUNetwork
from .packing import Packet
from .placed import Move, Partition
from .protocol import Protocol
from .schedule import Durations, Schedule
from .search import partition
from .starts import contiguous_blocks

__all__ = [
    "COSTS",
    "LINK_MODELS",
    "CostTable",
    "Durations",
    "GateCut",
    "Link",
    "Move",
    "Packet",
    "Partition",
    "Protocol",
    "QPUNetwork",
    "Schedule",
    "contiguous_blocks",
    "cost_table",
    "gate_cut",
    "operator_schmidt",
    "partition",
]

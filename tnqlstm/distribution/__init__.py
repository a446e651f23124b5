"""Where it runs: QPU networks, links, placements and what they cost."""

from .costs import COSTS
from .cuts import GateCut, gate_cut, operator_schmidt
from .link import LINK_MODELS, Link
from .network import QPUNetwork
from .packing import Packet
from .placed import Partition
from .search import partition
from .starts import contiguous_blocks

__all__ = [
    "COSTS",
    "LINK_MODELS",
    "GateCut",
    "Link",
    "Packet",
    "Partition",
    "QPUNetwork",
    "contiguous_blocks",
    "gate_cut",
    "operator_schmidt",
    "partition",
]

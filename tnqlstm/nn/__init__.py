"""The models: VQCs, QLSTM cells and layers, and the classical LSTM beside them."""

from .cell import CELLS, QLSTMCell
from .classical import ClassicalLSTM
from .placement import SCHEMES
from .qlstm import QLSTM
from .vqc import VQC

__all__ = ["CELLS", "QLSTM", "SCHEMES", "VQC", "ClassicalLSTM", "QLSTMCell"]

"""How it is computed: plans, ways of contracting, labelled networks."""

from .cost import Cost
from .labelled import CutBond
from .plan import METHODS, ContractionPlan, plan_expectations

__all__ = ["METHODS", "ContractionPlan", "Cost", "CutBond", "plan_expectations"]

"""D2PO: a planner and its world model trained together by dual preference optimisation (arXiv 2503.10480)."""

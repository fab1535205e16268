"""PoseLess (arXiv 2503.07111): from one picture of a hand straight to the angles of its joints, without keypoints between."""

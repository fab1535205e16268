"""Acting: the loop that joins perception, planning and control, and everything around it."""

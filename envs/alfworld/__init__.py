"""AlfWorld (Shridhar 2021, arXiv 2010.03768): its own engine and planner, run by the nine verbs of household tasks."""

"""Programs that stand for the agents' own: each is asked and answers as the real one, offline.

`python -m interlock.testing.fake_agent` says how one is run by hand.
"""

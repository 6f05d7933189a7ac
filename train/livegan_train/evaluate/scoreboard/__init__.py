"""`livegan evaluate --stream`: figures of a generator worth playing, their goals, and what real songs
reach.

Each figure has a file: what it measures, in which unit, and after whom. `sections` lists them, `part`
is what they measure, `goals` says how far from real music is near, `run` goes over sources and seeds,
`board` holds what was found, and `shown` makes tables of it.
"""

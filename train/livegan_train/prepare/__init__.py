"""From music to bars: readers, the drawing of bars, and the archive they go into.

`song`, `drawing`, `families`, `tracks`, `alignment`, `choosing`, `likeness` and `tally` are pure: notes
and arrays in, arrays out. `midi`, `lakh` and `pop909` turn the bytes of one song into notes. `sources`,
`reading`, `crew`, `archive` and `stored` do files and processes; `preparing` puts them together.
"""

"""The daemon's web server: the panel, OSCQuery, and their announcement in the network.

It lives on a thread of its own with an event loop of its own, which is started last and imports its
libraries there. The server's thread gives it what there is to tell, and never waits for it.
"""

"""`livegan evaluate`: models beside real music, with judges that cheaters fail.

`sources` says where bars come from, `judging` measures one draw of them, `verdicts` says what failing
is, `report` holds it all, and `terminal`, `markdown` and `page` show it.
"""

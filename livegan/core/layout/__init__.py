"""Control surfaces made from the table: which widget each row gets (`widgets`), where it lies
(`pages`), and the files of two programs (`touchosc`, `open_stage`)."""

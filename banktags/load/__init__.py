"""Loader: checks a bank's own extracts against the source contract and lands them, all of a batch or none.

``delivery`` finds and opens the files, ``mapping`` turns a foreign schema into contract tables, ``checks`` judges rows,
``publish`` makes the batch visible, ``batch`` runs the four in order.
"""

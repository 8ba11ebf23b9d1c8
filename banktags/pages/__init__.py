"""Pages that people read, mail and print: the quarterly review, portraits, campaign reports."""

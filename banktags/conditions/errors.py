"""What is wrong with a condition, where, and what to write instead."""

from pathlib import Path

#: Longest piece of a text that an error quotes, in characters.
LONGEST_PIECE = 40


class ConditionError(ValueError):
    """A condition that is not admitted: position (from 1), the piece in the way, and what to write instead."""

    def __init__(self, text: str, offset: int, length: int, problem: str, remedy: str) -> None:
        piece = " ".join(text[offset : offset + length].split())
        if len(piece) > LONGEST_PIECE:
            piece = piece[: LONGEST_PIECE - 1] + "…"
        self.piece = "".join(sign if sign.isprintable() else f"\\u{ord(sign):04x}" for sign in piece)
        self.line = text.count("\n", 0, offset) + 1
        self.column = offset - (text.rfind("\n", 0, offset) + 1) + 1
        self.problem, self.remedy = problem, remedy
        quoted = f" near {self.piece!r}" if self.piece else ""
        super().__init__(f"line {self.line}, column {self.column}{quoted}: {problem}; {remedy}")


class ModelError(ValueError):
    """A model whose conditions are not admitted; the message begins with the file and the line."""

    def __init__(self, file: Path, error: ConditionError) -> None:
        super().__init__(f"{file}, {error}")

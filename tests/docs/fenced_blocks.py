"""The fenced blocks of a Markdown file, with what an HTML comment above each says about running it.

    <!-- run: with redis engine; varies ids times; goes on -->   how to run it, and what differs from run to run;
                                                            `module=NAME` of Python, `program=NAME`, `file=PATH`: skipped without
    <!-- not run: it installs packages -->                       and why not
    <!-- output -->                                              what the block above, a program, prints

A block's language says what it is: `console` (lines `$ command`, below each what it prints), `sh` (commands
alone), `python` (a program), `text` (nothing that could be run).
"""

import dataclasses
import re

LANGUAGES = ("console", "sh", "python", "text")
WORDS = ("with", "varies", "goes on")
NEEDS = re.compile(r"redis|engine|(?:module|program)=[\w-]+|file=[\w/.-]+")
# What would be typed into a shell, so must not stand in a `text` block.
COMMAND = re.compile(r"(?:\$ |(?:sudo|apt|apt-get|cd|curl|cmake|ctest|cpack|docker|git|make|pip|python3?|redis-cli|redis-server"
                     r"|systemctl|engine|replay|kill|java)\s|(?:tools|build|bench|\.ci|\.)/\S+(?:\s+(?:-|#)|$))")


class BadMark(Exception):
    """A block that says something about itself that is not understood."""


@dataclasses.dataclass
class Block:
    """One fenced block."""
    file: str
    line: int  # of its first fence
    language: str
    text: str
    with_: tuple = ()
    varies: tuple = ()
    goes_on: bool = False  # in the shell of the block before
    reason: str = ""  # why it is not run
    is_output: bool = False

    @property
    def place(self):
        return f"{self.file}:{self.line}"

    def commands(self):
        """[command, what it prints], in order; None where the block does not tell."""
        if self.language == "sh":
            return [[self.text, None]]
        found = []
        for line in self.text.splitlines():
            if line.startswith("$ "):
                found.append([line[2:], ""])
            elif found and found[-1][1] == "" and found[-1][0].endswith("\\"):
                found[-1][0] += "\n" + line
            elif found:
                found[-1][1] += line + "\n"
            else:
                raise BadMark(f"{self.place}: a console block begins with `$ `")
        return found


def read_mark(block, mark):
    """Takes what the comment above a block says into it."""
    kind, colon, rest = (part.strip() for part in mark.partition(":"))
    if kind == "not run" and rest:
        block.reason = rest
    elif kind == "output" and not colon:
        block.is_output = True
    elif kind == "run":
        for clause in rest.split(";"):
            clause = clause.strip()
            word = next((word for word in WORDS if clause == word or clause.startswith(word + " ")), None)
            if word is None:
                raise BadMark(f"{block.place}: unknown: {clause}")
            values = tuple(clause[len(word):].split())
            if word == "with":
                strange = [value for value in values if not NEEDS.fullmatch(value)]
                if strange:
                    raise BadMark(f"{block.place}: unknown need: {strange[0]}")
                block.with_ = values
            elif word == "varies":
                block.varies = values
            else:
                block.goes_on = True
    else:
        raise BadMark(f"{block.place}: unknown mark: {mark}")


def blocks_of(text, file):
    """The blocks of `text`, in order. BadMark where one cannot be understood."""
    found, open_block, mark = [], None, None
    for number, line in enumerate(text.splitlines(), 1):
        if open_block is not None:
            if line == "```":
                found.append(open_block)
                open_block = None
            else:
                open_block.text += line + "\n"
        elif line.startswith("```"):
            open_block = Block(file, number, line[3:].strip(), "")
            if open_block.language not in LANGUAGES:
                raise BadMark(f"{open_block.place}: a block is one of {', '.join(LANGUAGES)}, not {line!r}")
            if mark is not None:
                read_mark(open_block, mark)
            check(open_block, found)
        comment = re.fullmatch(r"<!-- (.*) -->", line)
        mark = comment[1] if comment and open_block is None else None
    if open_block is not None:
        raise BadMark(f"{open_block.place}: the block has no end")
    for block in found:
        if block.language == "text" and not block.is_output:
            for line in block.text.splitlines():
                if COMMAND.match(line):
                    raise BadMark(f"{block.place}: a text block holds a command: {line}")
    return found


def check(block, before):
    """What must hold of a block's marks."""
    if block.is_output and not (before and before[-1].language == "python" and block.language == "text"):
        raise BadMark(f"{block.place}: output is a text block behind a python block")
    if block.goes_on and not (before and before[-1].language == block.language and not before[-1].reason):
        raise BadMark(f"{block.place}: goes on from a block of its kind that is run")

"""What the scripts of this folder share as programs: exit codes after sysexits.h, and how they end."""

import argparse
import os
import sys

OK = 0
USAGE = 64
DATA = 65
NO_INPUT = 66
UNAVAILABLE = 69
CANNOT_CREATE = 73
IO = 74
PERMISSION = 77
CONF = 78


class Parser(argparse.ArgumentParser):
    """Shows the file's docstring as help; wrong usage is exit 64 and one hint."""

    def __init__(self, doc, **options):
        summary, _, rest = doc.partition("\n")
        super().__init__(description=summary, epilog=rest,
                         formatter_class=argparse.RawDescriptionHelpFormatter, **options)

    def error(self, message):
        self.exit(USAGE, f"{self.prog}: {message}\nTry '{self.prog} --help'\n")


class Failure(Exception):
    """Ends the program with `code` and one line."""

    def __init__(self, code, text):
        super().__init__(text)
        self.code = code


def refusal_code(kind):
    """The exit code for an error reply of Redis of this kind."""
    if kind in ("NOAUTH", "WRONGPASS", "NOPERM"):
        return PERMISSION
    return CONF if kind == "WRONGTYPE" else UNAVAILABLE


def run(main):
    """Runs main(); ends the process with its exit code, with a Failure's, or as Ctrl-C does."""
    try:
        code = main()
        sys.stdout.flush()
    except Failure as failure:
        print(f"{os.path.basename(sys.argv[0])}: {failure}", file=sys.stderr)
        code = failure.code
    except BrokenPipeError:
        # Whoever read our output has enough (| head); nothing more can be written, not at exit either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = OK
    except KeyboardInterrupt:
        code = 130
    sys.exit(code)

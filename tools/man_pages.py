#!/usr/bin/env python3
"""Makes the man pages: engine(1) and replay(1) from what --help prints, engine.toml(5) from
conf/README.md. The build runs it, so that a page cannot say anything else than the program.

    tools/man_pages.py --bin build/release --out build/release/man
"""

import argparse
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent

NAMES = {
    "engine": "decide, paper-execute and mark trade signals",
    "replay": "make, run, compare and publish captures of streams, and read journals",
    "engine.toml": "conf of the coreloop engine",
}

# What --help has no place for.
ENVIRONMENT = [
    ("NOTIFY_SOCKET", "Where a service manager listens: the engine tells it READY=1 once the journal is "
     "replayed and both connections to Redis stand, lines of STATUS, and STOPPING=1; while it is still "
     "starting it asks for more time."),
    ("WATCHDOG_USEC, WATCHDOG_PID", "With them WATCHDOG=1 is sent three times as often as asked for, but "
     "only while every stage thread turns."),
    ("JOURNAL_STREAM", "Where it names stderr, log lines begin with their priority, as sd-daemon(3) says."),
]
FILES = [
    ("/etc/coreloop/engine.toml", "What coreloop.service runs; engine.toml(5) explains it."),
    ("/var/lib/coreloop/", "The folder the service is started in, where its journal is."),
    ("/usr/share/coreloop/", "Rules for Prometheus, dashboards for Grafana, settings and users for Redis, scripts in "
     "Python, the validation of the core loop."),
]
SEE_ALSO = {
    "engine": ["engine.toml(5)", "replay(1)", "systemd.service(5)", "redis-cli(1)"],
    "replay": ["engine(1)", "engine.toml(5)"],
    "engine.toml": ["engine(1)", "replay(1)"],
}


def plain(text):
    """Text as troff takes it."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("^", "\\(ha").replace("~", "\\(ti")
    return re.sub(r"^([.'])", r"\\&\1", text, flags=re.MULTILINE)


def markdown(text):
    """A line of Markdown as troff takes it: code and strong text are bold, a link is its text."""
    text = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", text)
    text = re.sub(r"\*\*(.*?)\*\*|`([^`]*)`", lambda m: "\0B" + (m[1] or m[2] or "") + "\0R",
                  text)
    return plain(text).replace("\0B", "\\fB").replace("\0R", "\\fR")


def title(name, section, version):
    return [f'.TH "{plain(name.upper())}" {section} "" "coreloop {version}" "coreloop"',
            ".SH NAME", f"{plain(name)} \\- {plain(NAMES[name])}"]


def tagged(tag, text):
    return [".TP", f"\\fB{plain(tag)}\\fR", plain(text)]


def verbatim(lines):
    return [".PP", ".nf", *map(plain, lines), ".fi"]


def see_also(name):
    return [".SH SEE ALSO", ", ".join(f"\\fB{plain(page[:-3])}\\fR{page[-3:]}" for page in SEE_ALSO[name])]


class Help:
    """What a program prints for --help, taken apart: `about`, `usage`, `groups` of (tag, text) by
    their heading, and the paragraphs of `footer`, as lists of lines."""

    def __init__(self, *command):
        self.text = subprocess.run([*command, "--help"], check=True, capture_output=True,
                                   text=True).stdout
        head, _, rest = self.text.partition("Usage: ")
        self.about = " ".join(head.split())
        self.usage, _, rest = rest.partition("\n")
        self.groups, self.footer, heading = {}, [], None
        for block in re.split(r"\n\s*\n", rest.strip("\n")):
            lines = block.strip("\n").splitlines()
            heading = re.fullmatch(r"(Positionals|Options|Subcommands):", lines[0]) if lines else None
            if heading:
                self.groups[heading[1]] = list(self.entries(lines[1:]))
            elif lines:
                self.footer.append(lines)

    @staticmethod
    def entries(lines):
        """(tag, text) of lines `  tag   text`, whose text may go on, or begin, on the next."""
        tag, words = None, []
        for line in lines:
            found = re.fullmatch(r"  (\S.*?)(?:  +(.*))?", line)
            if found:
                if tag:
                    yield tag, " ".join(words)
                tag, words = found[1], [found[2]] if found[2] else []
            else:
                words.append(line.strip())
        if tag:
            yield tag, " ".join(words)


def program_page(name, bin_folder, version):
    """Lines of the page of a program and all its commands."""
    top = Help(bin_folder / name)
    page = [*title(name, 1, version), ".SH SYNOPSIS"]
    commands = {}
    for line, _ in top.groups.get("Subcommands", []):
        commands[line] = Help(bin_folder / name, line)
    for usage in [help_text.usage for help_text in commands.values()] or [top.usage]:
        page += [".PP", f"\\fB{plain(usage)}\\fR"]
    page += [".SH DESCRIPTION", plain(top.about), ".SH OPTIONS"]
    for heading in ("Positionals", "Options"):
        for tag, text in top.groups.get(heading, []):
            page += tagged(tag, text)
    if commands:
        page += [".SH COMMANDS"]
    for command, help_text in commands.items():
        page += [f".SS {name} {command}", plain(help_text.about)]
        for heading in ("Positionals", "Options"):
            for tag, text in help_text.groups.get(heading, []):
                page += tagged(tag, text)
        for lines in help_text.footer:
            page += verbatim(lines)
    page += footer_sections(top.footer)
    if name == "engine":
        for heading, entries in (("ENVIRONMENT", ENVIRONMENT), ("FILES", FILES)):
            page += [f".SH {heading}"]
            for tag, text in entries:
                page += tagged(tag, text)
    return page + see_also(name)


def footer_sections(paragraphs):
    """Sections of --help's last paragraphs, by their first words."""
    page = []
    for lines in paragraphs:
        first = lines[0].partition(":")[0]
        headings = {"Examples": "EXAMPLES", "Exit codes": "EXIT STATUS", "Signals": "SIGNALS"}
        page += [f".SH {headings.get(first, 'NOTES')}"]
        if first == "Examples":
            page += verbatim(lines[1:])
        else:
            text = " ".join(" ".join(lines).split())
            page += [plain(text.partition(": ")[2] if first in headings else text)]
    return page


def conf_page(version):
    """Lines of engine.toml(5): prose as it stands, a table row as an entry."""
    page = [*title("engine.toml", 5, version), ".SH DESCRIPTION"]
    was_blank = True
    for line in (ROOT / "conf/README.md").read_text(encoding="utf-8").splitlines()[1:]:
        if line.startswith("## "):
            page += [f".SH {markdown(line[3:])}"]
        elif re.match(r"\|[ -]*(key|---)", line):
            pass
        elif line.startswith("| "):
            key, unit, default, allowed, what, effect = (
                cell.strip() for cell in line.strip().strip("|").split("|"))
            about = [f"Default: {default}. Allowed: {allowed}."]
            about += [f"Unit: {unit}."] if unit != "-" else []
            about += [f"{effect[0].upper()}{effect[1:]}."] if effect != "-" else []
            page += [".TP", markdown(key), markdown(what), ".br", markdown(" ".join(about))]
        elif line.startswith("- "):
            page += [".IP \\(bu 2", markdown(line[2:])]
        elif line.strip():
            page += ([".PP"] if was_blank else []) + [markdown(line.strip())]
        was_blank = not line.strip()
    return page + see_also("engine.toml")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", required=True, type=pathlib.Path, help="folder of engine and replay")
    parser.add_argument("--out", required=True, type=pathlib.Path, help="folder to write to")
    given = parser.parse_args()
    engine = given.bin.resolve() / "engine"
    try:
        version = subprocess.run([engine, "--version"], check=True, capture_output=True,
                                 text=True).stdout.split()[1]
        pages = {"engine.1": program_page("engine", given.bin.resolve(), version),
                 "replay.1": program_page("replay", given.bin.resolve(), version),
                 "engine.toml.5": conf_page(version)}
    except (OSError, subprocess.CalledProcessError) as error:
        sys.exit(f"man_pages: {error}")
    given.out.mkdir(parents=True, exist_ok=True)
    for name, lines in pages.items():
        (given.out / name).write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

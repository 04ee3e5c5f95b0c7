"""Manuals of options from `options.json`, as manual pages or Markdown."""

import argparse
import json
import re
import sys
from pathlib import Path

INLINE = re.compile(
    r"(?:\{(?P<role>[a-z]+)\})?`(?P<code>[^`]+)`"
    r"|\*\*(?P<strong>[^*]+)\*\*"
    r"|\*(?P<emphasis>[^*\s][^*]*)\*"
    r"|\[(?P<text>[^\]]*)\]\((?P<url>[^)]*)\)"
    r"|<(?P<link>[a-z]+:[^>\s]+)>"
    r"|\\(?P<plain>[^\w\s])"
)


def roff(text):
    """Text that roff prints as it stands."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace(".", "\\&.").replace("'", "\\(aq")
    return text.replace("`", "\\(ga").replace("^", "\\(ha").replace("~", "\\(ti")


def inline(text):
    """A line of Markdown."""
    parts, at = [], 0
    for found in INLINE.finditer(text):
        parts.append(roff(text[at : found.start()]))
        at = found.end()
        parts.append(span(found))
    return "".join(parts) + roff(text[at:])


def span(found):
    if found["code"]:
        italic = found["role"] in ("file", "var")
        return f"\\f{'I' if italic else 'B'}{roff(found['code'])}\\fP"
    if found["strong"]:
        return f"\\fB{roff(found['strong'])}\\fP"
    if found["emphasis"]:
        return f"\\fI{roff(found['emphasis'])}\\fP"
    if found["url"] is not None:
        shown = inline(found["text"])
        address = roff(found["url"])
        return shown if found["url"].startswith("#") else f"{shown} <{address}>" if shown else address
    return roff(found["link"] or found["plain"])


def code(lines):
    return [".sp", ".RS 4", ".nf", *("\\&" + roff(line) for line in lines), ".fi", ".RE"]


def blocks(text):
    """Markdown as lines of roff."""
    out, paragraph, fence = [], [], None

    def flush():
        if paragraph:
            out.append(inline(" ".join(paragraph)))
            paragraph.clear()

    for line in text.rstrip().splitlines():
        bare = line.strip()
        if fence is not None:
            if bare.startswith(fence[0]):
                out.extend(code(fence[1]))
                fence = None
            else:
                fence[1].append(line)
        elif bare.startswith(("```", "~~~")):
            flush()
            fence = (bare[:3], [])
        elif not bare:
            flush()
            if out and out[-1] != ".sp":
                out.append(".sp")
        elif bare.startswith(":::"):
            flush()
            kind = re.search(r"\{\.(\w+)\}", bare)
            out.append(".sp" if kind is None else f"\\fB{kind[1].capitalize()}:\\fP")
        elif item := re.match(r"(?:[-*+]|\d+[.)]) +(.*)", bare):
            flush()
            out.append(".IP \\(bu 2")
            paragraph.append(item[1])
        elif title := re.match(r"#+ +(.*)", bare):
            flush()
            out.append(f"\\fB{inline(title[1])}\\fP")
            out.append(".br")
        else:
            paragraph.append(bare.removeprefix(": ").removeprefix("> "))
    flush()
    if fence is not None:
        out.extend(code(fence[1]))
    return out


def value(name, given):
    """A default or an example."""
    if isinstance(given, str):
        given = {"_type": "literalMD", "text": given}
    if given.get("_type") == "literalMD":
        return [".PP", f"\\fI{name}:\\fP", *blocks(given["text"])]
    lines = given.get("text", "").rstrip().splitlines()
    if len(lines) < 2:
        return [".PP", f"\\fI{name}:\\fP", f"\\fB{roff(lines[0] if lines else '')}\\fP"]
    return [".PP", f"\\fI{name}:\\fP", *code(lines)]


def place(declaration):
    if isinstance(declaration, dict):
        return declaration.get("url") or declaration.get("name", "")
    return declaration


def option_roff(name, option):
    lines = [".PP", f"\\fB{roff(name)}\\fR", ".RS 4", *blocks(option.get("description") or "")]
    kind = option.get("type", "unspecified") + (" (read only)" if option.get("readOnly") else "")
    lines += [".PP", "\\fIType:\\fP", inline(kind)]
    for key, title in (("default", "Default"), ("example", "Example")):
        if option.get(key):
            lines += value(title, option[key])
    places = [place(d) for d in option.get("declarations", [])]
    if places:
        lines += [".PP", "\\fIDeclared by:\\fP"]
        for text in places:
            lines += [".RS 4", f"\\fB{roff(text)}\\fP", ".RE"]
    return [*lines, ".RE"]


HEADER = """.TH "CONFIGURATION\\&.NIX" "5" "01/01/1980" "NixOS" "NixOS Reference Pages"
.nh
.ad l
.SH "NAME"
configuration\\&.nix \\- options of a configuration
.SH "OPTIONS"
.PP
These options exist:"""


def manpage(options, arguments):
    header = arguments.header.read_text().rstrip() if arguments.header else HEADER
    footer = arguments.footer.read_text().rstrip() if arguments.footer else ".SH \"SEE ALSO\"\n.PP\n\\fBnix\\fP(1)"
    lines = [line for name in options for line in option_roff(name, options[name])]
    return "\n".join([header, *lines, footer]) + "\n"


def text_of(given):
    text = given if isinstance(given, str) else given.get("text", "")
    is_markdown = isinstance(given, str) or given.get("_type") == "literalMD"
    return text if is_markdown else f"\n```nix\n{text.rstrip()}\n```\n"


def commonmark(options, arguments):
    sections = []
    for name, option in options.items():
        lines = [f"## {re.sub('([*<`_[])', chr(92) + chr(92) + '1', name)}", "", option.get("description") or "", ""]
        lines += [f"*Type:* {option.get('type', 'unspecified')}", ""]
        for key, title in (("default", "Default"), ("example", "Example")):
            if option.get(key):
                lines += [f"*{title}:* {text_of(option[key])}", ""]
        for text in map(place, option.get("declarations", [])):
            lines += [f"*Declared by:* {text}", ""]
        sections.append("\n".join(lines))
    return "\n".join(sections)


FORMATS = {"manpage": manpage, "commonmark": commonmark}


def main():
    parser = argparse.ArgumentParser(prog="nixos-render-docs", description=__doc__)
    parser.add_argument("-j", "--jobs", type=int, help="not used")
    parts = parser.add_subparsers(dest="part", required=True)
    formats = parts.add_parser("options").add_subparsers(dest="format", required=True)
    for name in FORMATS:
        one = formats.add_parser(name)
        one.add_argument("--revision")
        one.add_argument("--manpage-urls", type=Path)
        one.add_argument("--anchor-style")
        one.add_argument("--anchor-prefix")
        one.add_argument("--header", type=Path)
        one.add_argument("--footer", type=Path)
        one.add_argument("infile", type=Path)
        one.add_argument("outfile", type=Path)
    arguments = parser.parse_args()
    options = json.loads(arguments.infile.read_text())
    options = dict(sorted(options.items(), key=lambda item: item[1].get("loc", [item[0]])))
    arguments.outfile.write_text(FORMATS[arguments.format](options, arguments))


sys.exit(main())

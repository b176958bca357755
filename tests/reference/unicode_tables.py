#!/usr/bin/env python3
"""Writes shared/Llama/Tokenizer/NormalizationFormC.txt from Python's copy of the Unicode character database.

    python3 tests/reference/unicode_tables.py > shared/Llama/Tokenizer/NormalizationFormC.txt

Hugging Face tokenizers normalize by Unicode 9, so that newer characters stay as they are. Perl knows their ages.
"""
import subprocess
import sys
import textwrap
import unicodedata
from itertools import groupby

WIDTH = 140
LONG_RUN = 10  # consecutive characters that are written as one line
UNICODE = 9
AGES = "use Unicode::UCD 'prop_invmap'; my ($from, $age) = prop_invmap('Age'); print map {\"$from->[$_] $age->[$_]\\n\"} 0..$#$from"


def old_characters():
    lines = [line.split() for line in subprocess.run(["perl", "-e", AGES], check=True, capture_output=True, text=True).stdout.splitlines()]
    ends = [int(start) for start, _ in lines[1:]] + [sys.maxunicode + 1]
    for (start, age), end in zip(lines, ends):
        if age != "Unassigned" and float(age.lstrip("V").replace("_", ".")) < UNICODE + 1:
            yield from (code for code in range(int(start), end) if not 0xD800 <= code < 0xE000 and not 0xAC00 <= code < 0xD7A4)


CODES = list(old_characters())


def main():
    decompositions = {code: parts for code in CODES if (parts := canonical(chr(code)))}
    composed = {code: parts for code, parts in decompositions.items() if is_composed(code)}
    others = {code: parts for code, parts in decompositions.items() if code not in composed}
    print(f"# Unicode {UNICODE}, without Hangul. Made by tests/reference/unicode_tables.py.")
    print("# class: a canonical combining class and its characters")
    write("class", classes())
    print("# pairs: a second character, and pairs of a first character and the composition of both")
    write("pairs", pairs(composed))
    print("# run: a character, and what it and those after it become")
    write("run", (run for run in runs(others) if len(run[1]) >= LONG_RUN))
    print("# parts: characters that become others, each with its parts, which are not composed again")
    rest = [code for codes in consecutive(others) if len(codes) < LONG_RUN for code in codes]
    for line in textwrap.wrap(" ".join("=".join([f"{code:04X}", "+".join(f"{part:04X}" for part in others[code])]) for code in rest), WIDTH):
        print(f"parts {line}")


def canonical(character):
    text = unicodedata.decomposition(character)
    return [int(part, 16) for part in text.split()] if text and not text.startswith("<") else None


def is_composed(code):
    """Whether normalization form C has this character: not one of the composition exclusions."""
    return unicodedata.normalize("NFC", chr(code)) == chr(code)


def classes():
    found = {}
    for (combining, _), group in groupby(enumerate(CODES), lambda pair: (unicodedata.combining(chr(pair[1])), pair[1] - pair[0])):
        codes = [code for _, code in group]
        if combining:
            found.setdefault(combining, []).append(f"{codes[0]:04X}" + (f"-{codes[-1]:04X}" if len(codes) > 1 else ""))
    return [(f"{combining}", " ".join(ranges)) for combining, ranges in sorted(found.items())]


def pairs(composed):
    marks = {}
    for code, (first, mark) in composed.items():
        marks.setdefault(mark, []).append(chr(first) + chr(code))
    return [(f"{mark:04X}", "".join(found)) for mark, found in sorted(marks.items())]


def runs(others):
    return [(f"{codes[0]:04X}", "".join(chr(others[code][0]) for code in codes)) for codes in consecutive(others)]


def consecutive(others):
    single = [code for code in others if len(others[code]) == 1]
    double = [[code] for code in others if len(others[code]) == 2]
    return [[code for _, code in group] for _, group in groupby(enumerate(single), lambda pair: pair[1] - pair[0])] + double


def write(kind, lines):
    for head, rest in lines:
        parts = textwrap.wrap(rest, WIDTH) if " " in rest else [rest[i:i + WIDTH // 2 * 2] for i in range(0, len(rest), WIDTH // 2 * 2)]
        for i, part in enumerate(parts):
            start = f"{int(head, 16) + i * (WIDTH // 2 * 2):04X}" if kind == "run" else head
            print(f"{kind} {start} {part}")


if __name__ == "__main__":
    main()

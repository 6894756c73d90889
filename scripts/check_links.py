"""Checks that each folder's sources include headers of those folders only that their CMake target links.

The compiler does not see it, as all folders share one include path. What a target links PUBLIC counts for all that link
it, as in CMake. An offence is one sentence; with any, this exits with 1. The CMakeLists.txt are read as text, so what a
build leaves out (cuda/ without nvcc) is checked too.

check_links.py [FOLDER]: the repository's root unless given.
"""

import os
import pathlib
import re
import sys

SKIPPED = {"build", "out", "docs"}
SOURCES = {".cpp", ".cu"}
HEADERS = {".h", ".cuh"}
DECLARES = re.compile(r"\b(likeness_library|likeness_test|likeness_fuzzer|add_library|add_executable|target_sources"
                      r"|target_link_libraries)\s*\(([^()]*)\)")
FOREACH = re.compile(r"\bforeach\s*\(\s*(\w+) ([^()]*)\)(.*?)\bendforeach\s*\(\s*\)", re.DOTALL)
KEYWORDS = {"SOURCES", "PUBLIC", "PRIVATE", "INTERFACE", "LIBRARIES", "LABELS"}


class Target:
    def __init__(self, name, folder):
        self.name = name
        self.folder = folder
        self.is_library = True
        self.sources = set()
        self.public = set()
        self.private = set()


def read_targets(root):
    """All targets by their names, in the order of their declaration."""
    targets = {}
    for path in sorted(root.rglob("CMakeLists.txt")):
        folder = path.parent.relative_to(root)
        if folder.parts and folder.parts[0] in SKIPPED:
            continue
        text = re.sub(r"#.*", "", path.read_text())
        text = FOREACH.sub(lambda loop: "\n".join(loop[3].replace(f"${{{loop[1]}}}", item) for item in loop[2].split()),
                           text)
        for command, arguments in DECLARES.findall(text):
            name, *words = arguments.split()
            if "$" in name or "IMPORTED" in words:
                continue
            target = targets.setdefault(name, Target(name, folder))
            target.is_library &= command not in ("likeness_test", "likeness_fuzzer", "add_executable")
            if command == "likeness_fuzzer":
                target.sources.add(folder / words[0])
                target.private.update(words[1:])
                continue
            part = "SOURCES" if command in ("add_library", "add_executable") else "PUBLIC"
            for word in words:
                if word in KEYWORDS:
                    part = "SOURCES" if command == "target_sources" else word
                elif pathlib.PurePath(word).suffix in SOURCES:
                    target.sources.add(pathlib.Path(os.path.normpath(folder / word)))
                elif part in ("PUBLIC", "INTERFACE"):
                    target.public.add(word)
                elif part in ("PRIVATE", "LIBRARIES"):
                    target.private.add(word)
    return targets


def seen_by(target, targets):
    """The names of all targets whose headers a target's sources may include."""
    seen = {target.name}
    waiting = target.public | target.private
    while waiting:
        name = waiting.pop()
        if name in targets and name not in seen:
            seen.add(name)
            waiting |= targets[name].public
    return seen


def check(root):
    """A sentence for each target that includes a folder's headers without linking it."""
    targets = read_targets(root)
    by_folder = {}  # a folder's targets; the first one owns the headers without a source of the same name
    for target in targets.values():
        by_folder.setdefault(target.folder, []).append(target)

    def owners(file):
        """The targets that a file belongs to: those that compile it, or the source of its name."""
        folder = next((parent for parent in file.parents if parent in by_folder), None)
        if folder is None:
            return []
        stems = {file.with_suffix(suffix) for suffix in SOURCES}
        return [target for target in targets.values() if target.sources & stems] or by_folder[folder][:1]

    offences = {}
    for file in sorted(root.rglob("*")):
        path = file.relative_to(root)
        if path.parts[0] in SKIPPED or path.suffix not in SOURCES | HEADERS:
            continue
        for include in re.findall(r'^\s*#\s*include\s+"([^"]+)"', file.read_text(), re.MULTILINE):
            places = (path.parent / include, pathlib.PurePath(include), pathlib.PurePath("cuda/include", include))
            header = next((place for place in places if (root / place).is_file()), None)
            providers = [owner for owner in owners(header) if owner.is_library] if header else []
            if not providers:  # not ours, or beside a program, which nobody can link
                continue
            for user in owners(path):
                if not seen_by(user, targets) & {provider.name for provider in providers}:
                    offences.setdefault((user.name, providers[0].name), []).append((path, header))
    return [f"{files[0][0]} includes {files[0][1]}, but {user} does not link {provider}"
            + (f" ({len(files)} such includes)." if len(files) > 1 else ".")
            for (user, provider), files in offences.items()]


def main():
    offences = check(pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).parents[1])
    for sentence in offences:
        print(sentence)
    return 1 if offences else 0


if __name__ == "__main__":
    sys.exit(main())

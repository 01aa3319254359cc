"""A workspace as a commit has it: its files are read by git, and the work tree is never touched."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from custagent.core.errors import CustagentError, UsageError

#: Seconds: a filter of the repository may have to fetch large files.
_PATIENCE = 300
_REGULAR = ("100644", "100755")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """A file of the commit."""

    mode: str
    blob: str
    #: Relative to the workspace.
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """One commit of the repository that the workspace is in."""

    #: The workspace's folder.
    root: Path
    #: As it was typed.
    name: str
    commit: str
    #: Where the workspace lies within the repository: "" or a path that ends with "/".
    prefix: str

    def text(self, path: str) -> str:
        """A file as the commit has it; `path` is relative to the workspace. Raises CustagentError when it has none."""
        entries = list(self._entries([path]))
        if not entries:
            raise CustagentError(
                f"there is no {path} in revision {self.name}", hint=f"See what changed: git log --oneline -- {path}"
            )
        return next(self._contents(entries[:1]))[1].decode("utf-8", "replace").removeprefix("\ufeff")

    def write(self, paths: Sequence[str], folder: Path) -> tuple[str, ...]:
        """Write the files at or below `paths` into `folder`; those that were left out, being no plain files.

        Raises CustagentError.
        """
        entries = list(self._entries(paths))
        plain = [one for one in entries if one.mode in _REGULAR and _is_inside(folder, one.path)]
        for entry, body in self._contents(plain):
            target = folder / entry.path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(body)
        return tuple(one.path for one in entries if one not in plain)

    def _entries(self, paths: Iterable[str]) -> Iterator[_Entry]:
        wanted = [path.rstrip("/") or "." for path in paths]
        if not wanted:
            return
        # Below "." there is all of the workspace; any other path without its slash names a file or a folder.
        every = [] if "." in wanted else wanted
        listed = _git(self.root, "ls-tree", "-r", "-z", self.commit, "--", *every)
        for line in listed.split(b"\0"):
            head, _, path = line.partition(b"\t")
            if path and b"\n" not in path:
                mode, _, blob = head.decode("ascii").split(" ")
                yield _Entry(mode=mode, blob=blob, path=path.decode("utf-8", "surrogateescape"))

    def _contents(self, entries: Sequence[_Entry]) -> Iterator[tuple[_Entry, bytes]]:
        """Each file as a checkout would write it: line ends and large files as the repository's attributes say."""
        if not entries:
            return
        asked = "".join(f"{one.blob} {self.prefix}{one.path}\n" for one in entries)
        given = _git(self.root, "cat-file", "--batch", "--filters", sent=asked.encode("utf-8", "surrogateescape"))
        at = 0
        for entry in entries:
            end = given.index(b"\n", at)
            size = int(given[at:end].rsplit(b" ", 1)[1])
            yield entry, given[end + 1 : end + 1 + size]
            at = end + 1 + size + 1


def find_revision(root: Path, name: str) -> Revision:
    """The commit that `name` means to git: a branch, a tag, `HEAD~1`, a hash. Raises UsageError."""
    try:
        prefix = _git(root, "rev-parse", "--show-prefix").decode("utf-8", "surrogateescape").rstrip("\n")
    except CustagentError as error:
        raise UsageError(
            f"{root} is not in a git repository, so there is no other revision to compare with",
            hint="git init && git add . && git commit",
        ) from error
    hint = "A branch, a tag, HEAD, HEAD~1 or a hash: git log --oneline"
    if name.startswith("-"):
        raise UsageError(f"{name!r} is no revision", hint=hint)
    try:
        commit = _git(root, "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}").decode("ascii").strip()
    except CustagentError as error:
        raise UsageError(f"git knows no revision {name!r}", hint=hint) from error
    return Revision(root=root, name=name, commit=commit, prefix=prefix)


def _git(folder: Path, *arguments: str, sent: bytes | None = None) -> bytes:
    """What git prints. Raises CustagentError."""
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=folder, input=sent, capture_output=True, timeout=_PATIENCE, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CustagentError(
            f"git cannot be run: {error}", hint="Install git, or leave out what asks for another revision."
        ) from error
    if done.returncode != 0:
        told = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise CustagentError(f"git {arguments[0]} failed: {told[-1] if told else 'it did not say why'}")
    return done.stdout


def _is_inside(folder: Path, path: str) -> bool:
    return (folder / path).resolve().is_relative_to(folder.resolve())

#!/usr/bin/python3
"""Kills the program at random moments while it writes, and looks at what is left.

    kill_test.py PROGRAM PORTRAIT [KILLS=50] [SEED=1] [AT_ONCE=2]

The studio without a display saves, saves under another name, autosaves, exports and records, until SIGKILL ends it. Then
each file that stands in its place must be whole (nothing lost, nothing unreadable), and after the next save nothing
temporary may lie beside it. Fails when one is not so. For 1000 kills: half an hour.
"""
import collections
import concurrent.futures
import os
import pathlib
import random
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time

LINES = 2000  # commands of a script: more than any run lives to see


def script(task):
    """Begins with what shows that writing has begun: a first write."""
    lines = ["settings.autosave value=%d" % (1 if task == "autosave" else 0), "file.open path=a.likeness",
             "wait for=idle", "file.export_ply path=ready", "wait for=idle"]
    for i in range(LINES):
        change = "pose.random seed=%d" % (i + 1)
        lines += {
            "save": [change, "file.save", "wait for=idle"],
            "save as": [change, "file.save_as path=b%d.likeness" % (i % 3), "wait for=idle"],
            "autosave": [change, "wait seconds=0.3"],
            "export": [change, "file.export_ply path=a.ply", "wait for=idle"],
            "record": ["capture.record path=a%d.mp4" % i, "view.orbit yaw=20", "wait seconds=0.2", "capture.record on=false",
                       "wait seconds=0.3"],
        }[task]
    return "\n".join(lines)


def whole_ply(file):
    data = file.read_bytes()
    end = data.find(b"end_header\n")
    if end < 0:
        return False
    header = data[:end].decode("latin1").split("\n")
    count = int(next(l.split()[2] for l in header if l.startswith("element vertex")))
    floats = sum(l.startswith("property float") for l in header)
    return len(data) == end + len(b"end_header\n") + 4 * floats * count


def whole_mp4(file):
    """Its boxes fill it, and the index is among them."""
    data, at, kinds = file.read_bytes(), 0, []
    while at + 8 <= len(data):
        size, kind = struct.unpack(">I4s", data[at:at + 8])
        if size == 1:
            size = struct.unpack(">Q", data[at + 8:at + 16])[0]
        if size < 8:
            return False
        kinds.append(kind)
        at += size
    return at == len(data) and {b"ftyp", b"moov", b"mdat"} <= set(kinds)


class Kills:
    studio = ["--headless", "--device", "cpu", "--window", "320x240", "--script"]

    def __init__(self, program, portrait, seed, folder):
        self.program, self.seed, self.folder = program, seed, folder
        self.avatar = folder / "trained.likeness"
        self.environment = lambda home: dict(os.environ, LIKENESS_HOME=str(home))
        self.run(["train", portrait, "-o", self.avatar, "--steps", "3", "--resolution", "128", "--density", "0.15",
                  "--device", "cpu", "--quiet"], folder / "home")

    def run(self, arguments, home, place=None):
        return subprocess.run([self.program, *map(str, arguments)], env=self.environment(home), cwd=place, check=True,
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def readable(self, avatar, home):
        try:
            self.run(["info", avatar], home)
            return True
        except subprocess.CalledProcessError:
            return False

    def one(self, number):
        """Kills one program; what is wrong afterwards."""
        chance = random.Random(self.seed * 1_000_003 + number)
        task = ["save", "save as", "autosave", "export", "record"][number % 5]
        place = self.folder / str(number)
        home = place / "home"
        place.mkdir()
        shutil.copy(self.avatar, place / "a.likeness")
        (place / "script").write_text(script(task))
        process = subprocess.Popen([self.program, *self.studio, "script"], cwd=place, env=self.environment(home),
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        # From the first write to about the second and third, however slow the machine is.
        before = (place / "a.likeness").stat().st_ino
        written = {"save": lambda: (place / "a.likeness").stat().st_ino != before,
                   "save as": (place / "b0.likeness").exists,
                   "autosave": lambda: any(home.glob("state/autosave/*.likeness")),
                   "export": (place / "a.ply").exists,
                   "record": lambda: any(place.glob("*.mp4"))}[task]
        moments = []
        for happened in (place / "ready").exists, written:
            while not happened() and process.poll() is None:
                time.sleep(0.002)
            moments.append(time.monotonic())
        temporary = lambda: [file for where in (place, home / "state" / "autosave") if where.exists()
                             for file in where.iterdir() if file.name.startswith(".likeness-")]
        until = moments[1] + chance.uniform(0, 2 * (moments[1] - moments[0]))
        at_random = chance.random() < 0.5  # else while something is being written, which takes little of the time
        while time.monotonic() < until and (at_random or not temporary()) and process.poll() is None:
            time.sleep(0.0005)
        time.sleep(0 if at_random else chance.choice([0, 0.001, 0.004, 0.016]) * chance.random())
        ended = process.poll()
        process.send_signal(signal.SIGKILL)
        errors = process.communicate()[1].decode(errors="replace")
        wrong = []
        if ended is not None:
            return task, ["it ended by itself (%d): %s" % (ended, errors[-300:])], collections.Counter()
        found = collections.Counter(kills=1)
        if not (place / "a.likeness").exists():
            wrong.append("lost: a.likeness")
        for file in sorted(place.glob("*.likeness")) + sorted(home.glob("state/autosave/*.likeness")):
            found[file.parent.name == "autosave" and "autosaves" or "avatars"] += 1
            if not self.readable(file, home):
                wrong.append("unreadable: %s" % file.name)
        for file in list(place.glob("*.ply")):
            found["exports"] += 1
            if not whole_ply(file):
                wrong.append("unreadable: %s" % file.name)
        for file in list(place.glob("*.mp4")):
            found["videos"] += 1
            if not whole_mp4(file):
                wrong.append("unreadable: %s" % file.name)
        found["interrupted writes"] += bool(temporary())
        # The next save, and the next autosave.
        (place / "next").write_text("settings.autosave value=1\nfile.open path=a.likeness\nwait for=idle\n"
                                    "pose.random seed=1\nwait seconds=1.5\nfile.save\n")
        try:
            if task == "autosave":
                self.run([*self.studio, place / "next"], home, place)
            else:
                self.run(["export", place / "a.likeness", "-o", place / "next.ply"], home)
        except subprocess.CalledProcessError as failure:
            wrong.append("the next save failed: %s" % failure.stderr.decode(errors="replace")[-300:])
        wrong += ["litter: %s" % file.relative_to(place) for file in temporary()]
        locks = {file.stem for file in home.glob("state/autosave/*.lock")}
        kept = {file.stem for file in home.glob("state/autosave/*.likeness")}
        wrong += ["litter: %s.lock" % name for name in locks - kept]
        shutil.rmtree(place)
        return task, wrong, found


def main():
    program, portrait = (os.path.abspath(a) for a in sys.argv[1:3])
    number, seed, at_once = (int(a) for a in (sys.argv[3:] + ["50", "1", "2"][len(sys.argv) - 3:]))
    failures, totals = 0, collections.Counter()
    with tempfile.TemporaryDirectory(prefix="likeness_kill_") as folder:
        kills = Kills(program, portrait, seed, pathlib.Path(folder))
        with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
            for i, (task, wrong, found) in enumerate(pool.map(kills.one, range(number))):
                totals += found
                if wrong:
                    failures += 1
                    print("kill %d, %s: %s" % (i, task, "; ".join(wrong)), flush=True)
                if (i + 1) % 100 == 0:
                    print("%d: %s" % (i + 1, dict(totals)), flush=True)
    print("%d of %d with something lost, unreadable or left; looked at: %s" % (failures, number, dict(totals)))
    sys.exit(failures > 0 or totals["kills"] < number or totals["interrupted writes"] == 0)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""The rasterizer's cost against Gaussians and pixels, from `likeness-bench splat` lines on standard input: a Markdown
table on standard output and, with a file's name, a plot (SVG) of forward and backward together."""
import json
import math
import sys

COLORS = ["#3366aa", "#aa5522", "#448844", "#884499", "#888833", "#336666"]
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 640, 400, 70, 130, 20, 50


def table(cells, counts, sizes):
    lines = ["| Gaussians | " + " | ".join(f"{size} x {size}" for size in sizes) + " |", "|---" * (len(sizes) + 1) + "|"]
    for count in counts:
        row = [cells.get((count, size)) for size in sizes]
        texts = [f"{c['forward_ms']:.2f}, {c['forward_backward_ms']:.2f}" if c else "" for c in row]
        lines.append(f"| {count:,} | " + " | ".join(texts) + " |")
    return "\n".join(lines)


def ticks(low, high):
    """1, 2, 5 and their multiples of ten, from below `low` to above `high`."""
    values = [m * 10.0**e for e in range(-4, 8) for m in (1, 2, 5)]
    first = max(i for i, v in enumerate(values) if v <= low)
    last = min(i for i, v in enumerate(values) if v >= high)
    return values[first : last + 1]


def plot(cells, counts, sizes):
    times = [c["forward_backward_ms"] for c in cells.values()]
    xs, ys = ticks(min(counts), max(counts)), ticks(min(times), max(times))

    def place(value, marks, begin, end):
        return begin + (end - begin) * math.log(value / marks[0]) / math.log(marks[-1] / marks[0])

    def x_of(count):
        return place(count, xs, LEFT, WIDTH - RIGHT)

    def y_of(time):
        return place(time, ys, HEIGHT - BOTTOM, TOP)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
    ]
    for mark in xs:
        name = f"{mark / 1e6:g}M" if mark >= 1e6 else f"{mark / 1e3:g}k"
        x = x_of(mark)
        parts.append(f'<line x1="{x:.1f}" y1="{TOP}" x2="{x:.1f}" y2="{HEIGHT - BOTTOM}" stroke="#dddddd"/>')
        parts.append(f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{name}</text>')
    for mark in ys:
        y = y_of(mark)
        parts.append(f'<line x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - RIGHT}" y2="{y:.1f}" stroke="#dddddd"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{mark:g}</text>')
    parts.append(f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 12}" text-anchor="middle">Gaussians</text>')
    parts.append(
        f'<text x="18" y="{HEIGHT / 2}" text-anchor="middle" transform="rotate(-90 18 {HEIGHT / 2})">'
        "forward and backward, ms</text>"
    )
    labels = []
    for k, size in enumerate(sizes):
        points = [(x_of(n), y_of(cells[n, size]["forward_backward_ms"])) for n in counts if (n, size) in cells]
        color = COLORS[k % len(COLORS)]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="2"/>')
        parts.extend(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{color}"/>' for x, y in points)
        labels.append((points[-1][1], size, color))
    lowest = HEIGHT
    for y, size, color in sorted(labels, reverse=True):  # from below, none over another
        lowest = min(y, lowest - 15)
        parts.append(f'<text x="{WIDTH - RIGHT + 10}" y="{lowest + 4:.1f}" fill="{color}">{size} x {size}</text>')
    parts.append("</svg>")
    return "\n".join(parts) + "\n"


def main():
    lines = [json.loads(line) for line in sys.stdin if line.startswith("{")]
    cells = {(c["gaussians"], c["width"]): c for c in lines if c.get("bench") == "splat" and c["batch"] == 1}
    if not cells:
        sys.exit("splat_cost.py: no lines of `likeness-bench splat` on standard input")
    counts, sizes = sorted({n for n, _ in cells}), sorted({s for _, s in cells})
    print(table(cells, counts, sizes))
    if len(sys.argv) > 1:
        with open(sys.argv[1], "w") as file:
            file.write(plot(cells, counts, sizes))


main()

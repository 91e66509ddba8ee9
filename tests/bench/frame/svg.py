# SPDX-License-Identifier: BSD-3-Clause
"""A plot of curves over a logarithmic axis of sessions, as SVG. Pure."""
import math
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 860, 430
LEFT, RIGHT, TOP, BOTTOM = 70, 240, 44, 52
COLOURS = ("#0b62a4", "#c1432e", "#2f8f4e", "#777777", "#b3872a", "#6f4fa0", "#2a9aa8", "#a8487f", "#404040", "#93b03a")


def steps(most):
    """Round values from 0 to at least most, five to ten of them."""
    if most <= 0:
        return [0, 1]
    unit = 10 ** math.floor(math.log10(most))
    step = next(s * unit for s in (0.1, 0.2, 0.5, 1, 2) if most / (s * unit) <= 10)
    return [round(step * i, 10) for i in range(math.ceil(most / step - 1e-9) + 1)]


def short(n):
    return f"{n / 1e6:g}M" if n >= 1e6 else f"{n // 1024}Ki" if n >= 1024 and n % 1024 == 0 else f"{n / 1e3:g}k" if n >= 1e3 else f"{n:g}"


def text(x, y, words, anchor="middle", size=12, extra=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}"{extra}>{escape(str(words))}</text>'


def frame(title, height):
    return ['<?xml version="1.0" encoding="UTF-8"?>', "<!-- SPDX-License-Identifier: BSD-3-Clause; written by tools/bench -->",
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" fill="#222">',
            f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>', text(16, 24, title, "start", 16)]


def bars(title, x_label, rows):
    """rows: [(label, median, low, high)], from zero to either side. @return the SVG."""
    left, right, step = 330, 60, 22
    height = TOP + step * len(rows) + BOTTOM
    least, most = min(0, *(r[2] for r in rows)), max(0, *(r[3] for r in rows))
    width = (most - least) or 1

    def at(x):
        return left + (WIDTH - left - right) * (x - least) / width

    out = frame(title, height)
    for i, (label, median, low, high) in enumerate(rows):
        y = TOP + step * i + 8
        out.append(text(left - 10, y + 9, label, "end"))
        out.append(f'<rect x="{min(at(0), at(median)):.1f}" y="{y}" width="{abs(at(median) - at(0)):.1f}" height="12" '
                   f'fill="{COLOURS[0]}"/>')
        out.append(f'<path d="M{at(low):.1f} {y + 6}H{at(high):.1f}" stroke="#222"/>')
        out.append(text(at(max(high, 0)) + 6, y + 10, f"{median:.3g}", "start"))
    out.append(f'<path d="M{at(0):.1f} {TOP}V{TOP + step * len(rows) + 6}" stroke="#222"/>')
    out.append(text((left + WIDTH - right) / 2, height - 14, x_label))
    return "\n".join(out + ["</svg>", ""])


def curves(title, y_label, series, x_label="sessions", targets=()):
    """series: [(label, [(x, median, low, high)])]; x > 0. targets: of each of them [(x, y)], may be empty. @return the SVG."""
    xs = sorted({point[0] for _, points in series for point in points})
    ticks = steps(max([point[3] for _, points in series for point in points] + [y for t in targets for _, y in t]))
    low, high = math.log10(xs[0]), math.log10(xs[-1])

    def at_x(x):
        return LEFT + (WIDTH - LEFT - RIGHT) * ((math.log10(x) - low) / (high - low) if high > low else 0.5)

    def at_y(y):
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * y / ticks[-1]

    out = frame(title, HEIGHT)
    for y in ticks:
        out.append(f'<path d="M{LEFT} {at_y(y):.1f}H{WIDTH - RIGHT}" stroke="{"#222" if y == 0 else "#ddd"}"/>')
        out.append(text(LEFT - 8, at_y(y) + 4, f"{y:g}", "end"))
    for x in xs:
        out.append(f'<path d="M{at_x(x):.1f} {HEIGHT - BOTTOM}v5" stroke="#222"/>')
        out.append(text(at_x(x), HEIGHT - BOTTOM + 20, short(x)))
    out.append(text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 10, x_label))
    out.append(text(18, (TOP + HEIGHT - BOTTOM) / 2, y_label, extra=f' transform="rotate(-90 18 {(TOP + HEIGHT - BOTTOM) / 2:.0f})"'))
    for i, (name, points) in enumerate(series):
        colour, points = COLOURS[i % len(COLOURS)], sorted(points)
        path = " ".join(f"{at_x(x):.1f},{at_y(m):.1f}" for x, m, _, _ in points)
        out.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        for x, m, least, most in points:
            out.append(f'<path d="M{at_x(x):.1f} {at_y(least):.1f}V{at_y(most):.1f}" stroke="{colour}"/>')
            out.append(f'<circle cx="{at_x(x):.1f}" cy="{at_y(m):.1f}" r="3.5" fill="{colour}"><title>'
                       f"{escape(name)}, {short(x)}: {m:.3g} ({least:.3g}-{most:.3g})</title></circle>")
        if i < len(targets) and targets[i]:
            path = " ".join(f"{at_x(x):.1f},{at_y(y):.1f}" for x, y in targets[i])
            out.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-dasharray="3 4"><title>'
                       f"{escape(name)}: target</title></polyline>")
        out.append(f'<path d="M{WIDTH - RIGHT + 16} {TOP + 20 * i + 8}h22" stroke="{colour}" stroke-width="3"/>')
        out.append(text(WIDTH - RIGHT + 46, TOP + 20 * i + 12, name, "start"))
    return "\n".join(out + ["</svg>", ""])

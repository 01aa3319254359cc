"""How the page of figures looks: on a screen by day and by night, on a telephone, on paper."""

from __future__ import annotations

_LIGHT = (
    "--ground: #f6f5f2; --panel: #fff; --ink: #1d2421; --soft: #59635e; --line: #dedcd5; --rest: #eceae4;"
    " --brand: #2f5d50; --good: #2f7d5f; --calm: #3d7ca8; --warm: #c98a1b; --bad: #b5483a; --still: #98a19c;"
    " --focus: #1a6fd1;"
)
_DARK = (
    "--ground: #131715; --panel: #1b211e; --ink: #e9edeb; --soft: #a5b0aa; --line: #323b36; --rest: #2a322e;"
    " --brand: #7cc2a8; --good: #58b48e; --calm: #6fb0dd; --warm: #e0ab4c; --bad: #e5806f; --still: #77827c;"
    " --focus: #7ab4ff;"
)
STYLE = f"""
:root {{ color-scheme: light dark; {_LIGHT}
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; color: var(--ink); background: var(--ground); }}
@media (prefers-color-scheme: dark) {{ :root {{ {_DARK} }} }}
* {{ box-sizing: border-box; }}
body {{ margin: 0; }}
header, main, footer {{ max-width: 1120px; margin: 0 auto; padding: 0 24px; }}
header {{ padding-top: 40px; }}
h1 {{ font-size: 1.9rem; line-height: 1.2; margin: 0 0 4px; letter-spacing: -.01em; }}
h2 {{ font-size: 1.15rem; margin: 0 0 4px; }}
p {{ margin: 0; }}
.soft, .definition {{ color: var(--soft); }}
.definition {{ font-size: .85rem; line-height: 1.45; max-width: 76ch; }}
h2 + .definition, .definition + .definition {{ margin-bottom: 12px; }}
main {{ display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 20px; padding-top: 24px; padding-bottom: 24px; }}
section {{ background: var(--panel); border: 1px solid var(--line); border-radius: 14px; padding: 22px 24px; min-width: 0; }}
.wide {{ grid-column: 1 / -1; }}
.glance {{ padding: 0; border: 0; background: none; }}
.key {{ display: grid; grid-template-columns: repeat(3, minmax(0, 1fr)); gap: 12px; }}
.stack {{ display: grid; gap: 20px; align-content: start; min-width: 0; }}
.key div {{ background: var(--panel); border: 1px solid var(--line); border-radius: 14px; padding: 16px 18px; }}
.key dt {{ color: var(--soft); font-size: .85rem; }}
.key dd {{ margin: 0; }}
main .glance {{ padding: 0; }}
.key .figure {{ font-size: 1.75rem; font-weight: 650; line-height: 1.25; letter-spacing: -.02em; font-variant-numeric: tabular-nums; }}
.key .few {{ font-size: 1.1rem; line-height: 2.18rem; letter-spacing: 0; }}
.key .more {{ color: var(--soft); font-size: .82rem; }}
dl {{ margin: 0; }}
table {{ width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; }}
th, td {{ text-align: left; padding: 7px 0 7px 16px; border-top: 1px solid var(--line); vertical-align: baseline; }}
th:first-child, td:first-child {{ padding-left: 0; }}
thead th, thead .number {{ white-space: normal; line-height: 1.3; border-top: 0; color: var(--soft); font-size: .8rem; font-weight: 500; vertical-align: bottom; }}
tbody th {{ font-weight: 500; }}
tfoot th, tfoot td {{ font-weight: 650; border-top: 2px solid var(--line); }}
.number {{ text-align: right; white-space: nowrap; }}
.strong {{ font-weight: 650; }}
.value {{ text-align: right; }}
.told {{ margin-bottom: 12px; }}
.low {{ color: var(--soft); font-size: .85rem; white-space: nowrap; }}
.drawn {{ width: 34%; min-width: 80px; }}
.rates tbody th {{ width: 42%; }}
.rates .drawn {{ width: 24%; }}
.scroll .drawn {{ width: 12%; }}
.scroll .weeks .drawn {{ width: 22%; }}
.scroll th, .scroll td {{ padding-left: 12px; }}
.scroll th:first-child {{ padding-left: 0; }}
.scroll tbody th {{ min-width: 8rem; white-space: normal; }}
.name {{ white-space: nowrap; }}
tbody th .definition {{ font-weight: 400; }}
.bar {{ display: block; width: 100%; height: 14px; }}
.bar .rest {{ fill: var(--rest); }}
.range {{ stroke: var(--ink); stroke-width: 1.5; vector-effect: non-scaling-stroke; }}
.good {{ fill: var(--good); background: var(--good); }}
.calm {{ fill: var(--calm); background: var(--calm); }}
.warm {{ fill: var(--warm); background: var(--warm); }}
.bad {{ fill: var(--bad); background: var(--bad); }}
.still {{ fill: var(--still); background: var(--still); }}
.brand {{ fill: var(--brand); background: var(--brand); }}
.plot {{ display: grid; grid-template-columns: auto minmax(0, 1fr); gap: 0 10px; height: 220px; margin-top: 16px; }}
.marks {{ display: flex; flex-direction: column; justify-content: space-between; text-align: right; font-size: .75rem; line-height: 1; color: var(--soft); margin: -6px 0; font-variant-numeric: tabular-nums; }}
.course {{ display: block; width: 100%; height: 220px; overflow: visible; }}
.scale {{ stroke: var(--line); stroke-width: 1; vector-effect: non-scaling-stroke; }}
.air {{ fill: transparent; }}
.course g:hover .fill {{ opacity: .75; }}
.dates {{ display: flex; justify-content: space-between; font-size: .78rem; color: var(--soft); padding: 6px 0 0 40px; }}
.legend {{ display: flex; flex-wrap: wrap; gap: 4px 18px; list-style: none; margin: 14px 0 0; padding: 0; font-size: .85rem; }}
.legend span {{ display: inline-block; width: 11px; height: 11px; border-radius: 3px; margin-inline-end: 6px; }}
details {{ margin-top: 14px; }}
summary {{ cursor: pointer; color: var(--brand); font-size: .9rem; }}
.scroll {{ overflow-x: auto; }}
.scroll table {{ font-size: .88rem; }}
:focus-visible {{ outline: 2px solid var(--focus); outline-offset: 2px; }}
.hidden {{ position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }}
footer {{ padding-bottom: 48px; color: var(--soft); font-size: .85rem; }}
@media (max-width: 800px) {{
  header, main, footer {{ padding-left: 14px; padding-right: 14px; }}
  header {{ padding-top: 24px; }}
  main {{ grid-template-columns: minmax(0, 1fr); gap: 14px; padding-top: 16px; }}
  section {{ padding: 18px 16px; }}
  .drawn {{ width: 24%; min-width: 48px; }}
  th, td {{ padding-left: 10px; }}
  .key {{ grid-template-columns: repeat(2, minmax(0, 1fr)); }}
  .stack {{ gap: 14px; }}
  .key .figure {{ font-size: 1.4rem; }}
  .plot, .course {{ height: 170px; }}
  .rates tr {{ display: grid; grid-template-columns: 1fr auto auto; gap: 2px 12px; padding: 10px 0; border-top: 1px solid var(--line); }}
  .rates thead {{ display: none; }}
  .rates th, .rates td {{ border: 0; padding: 0; }}
  .rates tbody th, .rates td.drawn {{ grid-column: 1 / -1; width: auto; }}
  .rates .number, .rates .low {{ text-align: left; }}
}}
@media print {{
  :root {{ color-scheme: light; {_LIGHT} --ground: #fff; font-size: 12px; }}
  * {{ print-color-adjust: exact; -webkit-print-color-adjust: exact; }}
  @page {{ size: A4; margin: 14mm 12mm; }}
  header, main, footer {{ padding-left: 0; padding-right: 0; max-width: none; }}
  header {{ padding-top: 0; }}
  main {{ gap: 12px; padding-top: 12px; }}
  section, .key div {{ break-inside: avoid; border-color: #d5d3cc; border-radius: 8px; }}
  section {{ padding: 12px 14px; }}
  .key div {{ padding: 10px 14px; }}
  .plot, .course {{ height: 150px; }}
  .scroll {{ overflow: visible; }}
  .scroll table {{ font-size: .72rem; }}
  .scroll th, .scroll td {{ padding-left: 8px; }}
  .drawn {{ min-width: 40px; }}
  .scroll tbody th {{ min-width: 5rem; overflow-wrap: anywhere; }}
  .scroll .name {{ white-space: normal; }}
  .scroll .drawn {{ width: 8%; }}
  .scroll .low {{ font-size: .9em; }}
  footer {{ padding-bottom: 0; }}
  details {{ display: none; }}
}}
"""

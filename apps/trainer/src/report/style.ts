/**
 * The style sheet of `report.html`: light and dark, wide and narrow, and on paper.
 *
 * @module
 */

/** CSS text. */
export const STYLE: string = `
:root { color-scheme: light dark; --page: #f7f7f5; --card: #ffffff; --ink: #1b1d21; --soft: #5d636c; --rule: #e3e4e0;
  --grid: #ecedea; --series-1: #2563c9; --series-2: #c2571a; --series-3: #2b8a57; --series-4: #8a4bbf; --series-5: #9b8a1f; --series-6: #1f8f9b; --series-7: #b0406f; --series-8: #6b6f2b;
  --good: #2b8a57; --warn: #b3541e; }
@media (prefers-color-scheme: dark) { :root { --page: #15171a; --card: #1d2024; --ink: #e9eaec; --soft: #a0a6af;
  --rule: #30343a; --grid: #2a2d32; --series-1: #6ea2ff; --series-2: #f0955a; --series-3: #5cc48d; --series-4: #c08df0;
  --series-5: #d2c258; --series-6: #5cc7d2; --series-7: #e88ab0; --series-8: #b3b86a; --good: #5cc48d; --warn: #f0955a; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, "Segoe UI", Roboto, sans-serif; }
main { max-width: 1120px; margin: 0 auto; padding: 32px 20px 56px; }
h1 { font-size: 24px; margin: 0; letter-spacing: -.01em; }
h2 { font-size: 15px; margin: 0 0 10px; }
.sub { color: var(--soft); margin: 4px 0 22px; overflow-wrap: anywhere; }
.badge { font-size: 12px; font-weight: 600; padding: 2px 9px; border-radius: 99px; border: 1px solid currentColor;
  vertical-align: 3px; margin-left: 10px; color: var(--good); }
.badge.warn { color: var(--warn); }
.tiles { display: grid; grid-template-columns: repeat(4, 1fr); gap: 12px; margin-bottom: 16px; }
@media (max-width: 760px) { .tiles { grid-template-columns: repeat(2, 1fr); } }
.tile, section { background: var(--card); border: 1px solid var(--rule); border-radius: 10px; }
.tile { padding: 12px 16px; }
.tile b { display: block; font-size: 25px; font-weight: 600; letter-spacing: -.02em; font-variant-numeric: tabular-nums; }
.tile span { color: var(--soft); font-size: 13px; }
.columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(460px, 100%), 1fr)); gap: 16px; }
section { padding: 16px 18px; margin-bottom: 16px; min-width: 0; }
.columns section { margin-bottom: 0; }
.columns { margin-bottom: 16px; }
svg { width: 100%; height: auto; display: block; }
.grid { stroke: var(--grid); } .axis { stroke: var(--soft); }
.tick { fill: var(--soft); font-size: 12px; } .label { fill: var(--soft); font-size: 12.5px; }
.line { fill: none; stroke-width: 2; stroke-linejoin: round; } .faint { stroke-width: 1; opacity: .35; }
.reference { stroke: var(--soft); stroke-dasharray: 5 4; }
.legend { display: flex; gap: 18px; flex-wrap: wrap; color: var(--soft); font-size: 13px; margin-top: 6px; }
.legend i { display: inline-block; width: 14px; height: 3px; border-radius: 2px; vertical-align: 4px; margin-right: 7px; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 13.5px; font-variant-numeric: tabular-nums; }
th { text-align: left; color: var(--soft); font-weight: 500; }
th, td { padding: 4px 12px 4px 0; border-bottom: 1px solid var(--rule); white-space: nowrap; }
td.wrap { white-space: normal; overflow-wrap: anywhere; }
tr:last-child td { border-bottom: 0; }
.number { text-align: right; }
.meter { width: 34%; min-width: 90px; } .meter i { display: block; height: 9px; border-radius: 3px; min-width: 1px; }
.bar { display: flex; height: 26px; border-radius: 6px; overflow: hidden; gap: 2px; margin: 4px 0 12px; }
.empty { color: var(--soft); }
details summary { cursor: pointer; font-weight: 600; }
details[open] summary { margin-bottom: 10px; }
footer { color: var(--soft); font-size: 13px; }
@media print { body { background: none; } section, .tile { break-inside: avoid; } }
`;

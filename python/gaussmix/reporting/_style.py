"""How the page looks, on a light and on a dark screen, and on paper."""

STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #57606a; --page: #ffffff;
  --line: #d0d7de; --mark: #dcecfb; --warn: #fff3d6; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e9ed; --soft: #9aa4af; --page: #15191e; --line: #39424c; --mark: #17385a;
    --warn: #4a3a10; }
}
@media print {
  :root { --ink: #000; --soft: #444; --page: #fff; --line: #bbb; --mark: #ddd; --warn: #eee; }
}
body { margin: 0 auto; padding: 2rem 1.25rem 4rem; max-width: 60rem; background: var(--page);
  color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 .5rem; }
h2 { font-size: 1.25rem; margin: 2.5rem 0 .75rem; padding-top: .75rem;
  border-top: 1px solid var(--line); }
.lead, figcaption, footer { color: var(--soft); }
.note { background: var(--warn); padding: .6rem .9rem; border-radius: .4rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; margin: 0 0 1rem; font-size: .875rem;
  font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--soft); padding-bottom: .3rem; }
th, td { padding: .25rem .6rem; border-bottom: 1px solid var(--line); text-align: right;
  white-space: nowrap; }
.words { text-align: left; white-space: normal; }
td:has(b) { background: var(--mark); }
figure { margin: 0 0 2rem; }
figure h3 { font-size: 1.05rem; margin: 0 0 .5rem; }
img { max-width: 100%; height: auto; background: #fff; border-radius: .4rem; }
pre { overflow-x: auto; padding: .8rem 1rem; border: 1px solid var(--line); border-radius: .4rem;
  font-size: .875rem; }
"""

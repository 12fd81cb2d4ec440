"""What runs within a page: it watches, and moves nothing. JavaScript for Chromium.

https://web.dev/articles/vitals says what the figures mean. CLS is the largest session window:
shifts without input, at most 1 s apart and 5 s in all.
"""

WATCH = """
window.__brownout = {lcp: null, cls: 0, tasks: 0, busy: 0, blocked: 0, inp: null, events: 0};
(() => {
  const seen = window.__brownout;
  const watch = (type, see, more) => { try {
    new PerformanceObserver(list => list.getEntries().forEach(see))
      .observe({type, buffered: true, ...more});
  } catch (error) { seen.blind = (seen.blind || []).concat(type); } };
  let first = 0, last = 0, sum = 0;
  watch('largest-contentful-paint', e => { seen.lcp = e.startTime; });
  watch('layout-shift', e => {
    if (e.hadRecentInput) return;
    if (sum && e.startTime - last < 1000 && e.startTime - first < 5000) sum += e.value;
    else { first = e.startTime; sum = e.value; }
    last = e.startTime;
    seen.cls = Math.max(seen.cls, sum);
  });
  watch('longtask', e => {
    seen.tasks += 1; seen.busy += e.duration; seen.blocked += e.duration - 50;
  });
  const heard = e => { seen.events += 1; seen.inp = Math.max(seen.inp || 0, e.duration); };
  watch('event', e => { if (e.interactionId) heard(e); }, {durationThreshold: 16});
  watch('first-input', heard);
})();
"""

READ = """(() => {
  const paint = performance.getEntriesByName('first-contentful-paint')[0];
  const way = performance.getEntriesByType('navigation')[0];
  return {...window.__brownout, fcp: paint ? paint.startTime : null,
    ttfb: way ? way.responseStart : null, loaded: way ? way.loadEventEnd : null,
    elements: document.getElementsByTagName('*').length};
})()"""

CHOOSE = """(selector => {
  const chosen = selector ? [...document.querySelectorAll(selector)] : [
    'input[type=search], input[type=text], input:not([type]), textarea', 'summary', 'select',
    'button[type=button][aria-expanded], button[type=button][aria-haspopup]',
  ].flatMap(kind => [...document.querySelectorAll(kind)]);
  for (const element of chosen) {
    if (selector) element.scrollIntoView({block: 'center', behavior: 'instant'});
    const box = element.getBoundingClientRect();
    const x = box.x + box.width / 2, y = box.y + box.height / 2;
    const there = document.elementFromPoint(x, y);
    if (element.disabled || !there || !(element === there || element.contains(there))) continue;
    const name = element.id ? '#' + element.id : element.getAttribute('name') || '';
    return {x, y, what: (element.localName + ' ' + name).trim(),
      types: element.matches('input, textarea')};
  }
  return {x: 1, y: 1, what: selector ? '' : 'the page itself', types: false};
})(%s)"""
"""Where to press: what a selector names; else what changes nothing on the server when it is pressed
(fields, menus, folds; no link, no submit), else the page's corner."""

SETTLED = "new Promise(done => requestAnimationFrame(() => setTimeout(done, 60)))"
"""After the frame in which an interaction is shown, when its entry is there."""

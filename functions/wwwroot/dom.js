// Makes elements. Text is only ever set as text, so markup in an article stays what its author typed.

/**
 * @param {string} name a tag, or tag.class
 * @param {object} properties set on the element: aria-*, data-* and for as attributes, the others as properties
 * @param {...(Node|string|null)} children null is left out
 */
export function element(name, properties = {}, ...children) {
  const [tag, ...classes] = name.split('.');
  const made = document.createElement(tag);
  if (classes.length > 0) made.className = classes.join(' ');
  for (const [key, value] of Object.entries(properties)) {
    if (value === undefined || value === null) continue;
    if (key.includes('-') || key === 'for') made.setAttribute(key, value);
    else made[key] = value;
  }
  made.append(...children.filter(child => child !== null && child !== undefined));
  return made;
}

/** Sets text only where it changed, so that live regions do not speak twice and selections survive. */
export function say(target, text) {
  if (target.textContent !== text) target.textContent = text;
}

/** A horizontal bar. It repeats a number that stands beside it, so screen readers pass over it. */
export function bar(share) {
  const filled = element('i');
  filled.style.setProperty('--share', share);
  return element('span.track', { 'aria-hidden': 'true' }, filled);
}

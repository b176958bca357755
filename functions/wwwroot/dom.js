// Creates elements. Text is only set as text, so markup in an article is shown and not interpreted.

/**
 * @param {string} name a tag, or tag.class
 * @param {object} properties set on the element: aria-*, data-* and for as attributes, the others as properties
 * @param {...(Node|string|null)} children null is left out
 */
export function element(name, properties = {}, ...children) {
  const [tag, ...classes] = name.split('.');
  const created = document.createElement(tag);
  if (classes.length > 0) created.className = classes.join(' ');
  for (const [key, value] of Object.entries(properties)) {
    if (value === undefined || value === null) continue;
    if (key.includes('-') || key === 'for') created.setAttribute(key, value);
    else created[key] = value;
  }
  created.append(...children.filter(child => child !== null && child !== undefined));
  return created;
}

/** Sets the text only if it changed: screen readers announce every write to a live region, and a write clears the selection. */
export function setText(target, text) {
  if (target.textContent !== text) target.textContent = text;
}

/** A horizontal bar. It is hidden from screen readers, since the number stands beside it. */
export function bar(share) {
  const filled = element('i');
  filled.style.setProperty('--share', share);
  return element('span.track', { 'aria-hidden': 'true' }, filled);
}

// Renders a list that is polled. An item keeps its element between updates, and so its focus, scroll position and open details.

/**
 * @param {HTMLElement} list
 * @param {object[]} items in the order to show
 * @param {(item: object) => string} keyOf
 * @param {(item: object) => HTMLElement} create creates the element of a new item
 * @param {(element: HTMLElement, item: object) => void} update called for new and existing elements
 */
export function renderKeyedList(list, items, keyOf, create, update) {
  const existing = new Map([...list.children].map(child => [child.dataset.key, child]));
  let previous = null;
  for (const item of items) {
    const key = keyOf(item);
    let shown = existing.get(key);
    existing.delete(key);
    if (!shown) {
      shown = create(item);
      shown.dataset.key = key;
    }
    update(shown, item);
    // An element is moved only if its place changed: moving it drops the focus.
    const place = previous ? previous.nextSibling : list.firstChild;
    if (place !== shown) list.insertBefore(shown, place);
    previous = shown;
  }
  for (const removed of existing.values()) removed.remove();
}

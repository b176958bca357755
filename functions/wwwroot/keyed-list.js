// Shows a list that is fetched again and again: an item keeps its element, and with it focus, scroll and what is unfolded.

/**
 * @param {HTMLElement} list
 * @param {object[]} items in the order to show
 * @param {(item: object) => string} keyOf
 * @param {(item: object) => HTMLElement} create makes the element of an item that is new
 * @param {(element: HTMLElement, item: object) => void} update called for new and old ones alike
 */
export function showKeyed(list, items, keyOf, create, update) {
  const old = new Map([...list.children].map(child => [child.dataset.key, child]));
  let before = null;
  for (const item of items) {
    const key = keyOf(item);
    let shown = old.get(key);
    old.delete(key);
    if (!shown) {
      shown = create(item);
      shown.dataset.key = key;
    }
    update(shown, item);
    // An element is moved only where its neighbour is another one: moving drops the focus.
    const place = before ? before.nextSibling : list.firstChild;
    if (place !== shown) list.insertBefore(shown, place);
    before = shown;
  }
  for (const gone of old.values()) gone.remove();
}

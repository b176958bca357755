// Figures and times as people read them.

const percentFormat = new Intl.NumberFormat(undefined, { style: 'percent', minimumFractionDigits: 1, maximumFractionDigits: 1 });
const numberFormat = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 3 });
const wholeFormat = new Intl.NumberFormat();
const timeFormat = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const dayFormat = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' });
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto', style: 'short' });

/** No topic is impossible: what would be rounded to nothing is said to be little. */
export const percent = share => share > 0 && share < 0.0005 ? `< ${percentFormat.format(0.001)}` : percentFormat.format(share);
export const whole = number => wholeFormat.format(number);
export const number = value => numberFormat.format(value);

export function ago(time) {
  const seconds = (Date.now() - new Date(time).getTime()) / 1000;
  if (seconds < 45) return 'just now';
  if (seconds < 45 * 60) return relative.format(-Math.round(seconds / 60), 'minute');
  return (seconds < 12 * 3600 ? timeFormat : dayFormat).format(new Date(time));
}

export function bytes(count) {
  if (count < 1024) return `${whole(count)} bytes`;
  return count < 1024 * 1024 ? `${whole(Math.round(count / 1024))} KB` : `${number(count / 1024 / 1024)} MB`;
}

/** "confusion_matrix.png" as "Confusion matrix". */
export function nameOfFile(file) {
  const words = file.replace(/\.[^.]+$/, '').replaceAll(/[_-]+/g, ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

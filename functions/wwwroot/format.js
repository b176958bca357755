// Formats numbers, times and file names.

const percentFormat = new Intl.NumberFormat(undefined, { style: 'percent', minimumFractionDigits: 1, maximumFractionDigits: 1 });
const numberFormat = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 3 });
const integerFormat = new Intl.NumberFormat();
const timeFormat = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const dateFormat = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' });
const relativeFormat = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto', style: 'short' });

/** A probability that would be rounded to zero is shown as "< 0.1%". */
export const percent = share => share > 0 && share < 0.0005 ? `< ${percentFormat.format(0.001)}` : percentFormat.format(share);
export const integer = value => integerFormat.format(value);
export const number = value => numberFormat.format(value);

export function timeAgo(time) {
  const seconds = (Date.now() - new Date(time).getTime()) / 1000;
  if (seconds < 45) return 'just now';
  if (seconds < 45 * 60) return relativeFormat.format(-Math.round(seconds / 60), 'minute');
  return (seconds < 12 * 3600 ? timeFormat : dateFormat).format(new Date(time));
}

export function fileSize(bytes) {
  if (bytes < 1024) return `${integer(bytes)} bytes`;
  return bytes < 1024 * 1024 ? `${integer(Math.round(bytes / 1024))} KB` : `${number(bytes / 1024 / 1024)} MB`;
}

/** "confusion_matrix.png" as "Confusion matrix". */
export function titleOfFile(file) {
  const words = file.replace(/\.[^.]+$/, '').replaceAll(/[_-]+/g, ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

// Does everything that was published add up? Rows for `closeAccount` of the kit.

/** `mails` and `rows`: for each event id how many there are. `others`: the events that only analytics reads. */
export function rowsOf({ logins, others, mails, rows, deadLetters }) {
  const all = [...logins, ...others];
  const strangers = [...mails.keys()].filter((id) => !logins.includes(id));
  return [
    ['logins published', logins.length, logins.length],
    ['e-mails received', count(logins, mails), logins.length, repeats(mails)],
    ['e-mails of no login', strangers.length, 0],
    ['analytics rows', count(all, rows), all.length, repeats(rows)],
    ['dead letters left', deadLetters, 0],
  ];
}

function count(published, found) {
  return published.filter((id) => found.has(id)).length;
}

/** At least once is the promise: a crash may send a mail again, with the same Message-ID. */
function repeats(found) {
  const more = [...found.values()].reduce((sum, times) => sum + times - 1, 0);
  return more === 0 ? '' : `(${more} of them came again, with the same id)`;
}

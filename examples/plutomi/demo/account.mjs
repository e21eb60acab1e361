// Does everything that was published add up?

/** `mails` and `rows`: for each event id how many there are. */
export function closeAccount({ published, mails, rows, deadLetters }) {
  const lost = published.filter((id) => !mails.has(id) || !rows.has(id));
  const entries = [
    ['published', published.length],
    ['e-mails received', count(published, mails), repeats(mails)],
    ['analytics rows', count(published, rows), repeats(rows)],
    ['dead letters left', deadLetters],
    ['lost', lost.length],
  ];
  const strangers = [...mails.keys(), ...rows.keys()].filter((id) => !published.includes(id));
  return { entries, lost, addsUp: lost.length === 0 && deadLetters === 0 && strangers.length === 0 };
}

function count(published, found) {
  return published.filter((id) => found.has(id)).length;
}

/** At least once is the promise: a crash may send a mail again, with the same Message-ID. */
function repeats(found) {
  const more = [...found.values()].reduce((sum, times) => sum + times - 1, 0);
  return more === 0 ? '' : `(${more} of them came again, with the same id)`;
}

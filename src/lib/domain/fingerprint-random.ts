/** For each letter those that follow it in English words and in error codes: together 98 of 100 pairs. */
const following = [
  'bcdfgijklmnprstuvwxyz',
  'aeijlorsuy',
  'acehiklorstuy',
  'adegilmnorstuvy',
  'abcdefghijklmnopqrstuvwxy',
  'aefilortuy',
  'aeghilnorsuz',
  'aeimnorstuy',
  'abcdefgklmnoprstvxz',
  'aeosu',
  'aeinrs',
  'abdefhiklmopqstuvy',
  'abegijlmnopstuy',
  'acdefgiklmnopqrstuvy',
  'abcdefgijklmnoprstuvwxyz',
  'adehilmnoprstuy',
  'u',
  'acdefgiklmnoprstuvwy',
  'acefghiklmnopqrstuvwy',
  'abcdefghilmnoprstuwy',
  'abcdefgilmnprst',
  'aegio',
  'aehinorsw',
  'aceipty',
  'acelmnoprst',
  'aeioz',
];

const pairs = new Uint8Array(26 * 26);
for (const [first, others] of following.entries()) {
  for (const other of others) pairs[first * 26 + other.charCodeAt(0) - 97] = 1;
}

const isDigit = (code: number): boolean => code >= 48 && code <= 57;
const isUpper = (code: number): boolean => code >= 65 && code <= 90;
/** 0 to 25; of no letter: another number. */
const letterOf = (code: number): number => (code | 32) - 97;
const isLetter = (letter: number): boolean => letter >= 0 && letter < 26;

/**
 * Nobody chose these letters and digits: a nanoid, ULID, cuid or hash, a part of base64. Of one that has no digit, or
 * only some at its end, the letters tell: which pairs they make, and how often they change between cases.
 */
export function isRandom(text: string): boolean {
  const { length } = text;
  if (length < 6) return false;
  let [digits, runs, letters, hexLetters, odd, changes, known] = [0, 0, 0, 0, 0, 0, 0];
  let before = 0;
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i);
    const letter = letterOf(code);
    if (isDigit(code)) {
      digits++;
      if (!isDigit(before)) runs++;
    } else if (isLetter(letter)) {
      letters++;
      if (letter < 6) hexLetters++;
      const last = letterOf(before);
      if (isLetter(last)) {
        known++;
        if (pairs[last * 26 + letter] === 0) odd++;
        if (isUpper(before) !== isUpper(code)) changes++;
      }
    }
    before = code;
  }
  if (letters === 0) return false;
  const isHex = hexLetters === letters && letters + digits === length;
  if (isHex && (digits > 0 || length >= 8)) return true;
  if (digits === 0) return length >= 10 && isOdd(odd / known, changes / known);
  if (runs >= 2) return length >= 8 || digits * 3 >= length;
  const inside = !isDigit(before) && !isDigit(text.charCodeAt(0));
  const oddness = known === 0 ? 1 : (odd + changes) / known;
  return oddness > 0.55 || (inside && length >= 8 && known > 0 && odd / known > 0.25);
}

function isOdd(pairsShare: number, changesShare: number): boolean {
  return pairsShare > 0.34 || pairsShare + changesShare > 0.72;
}

// A seed as digits to write down: sixteen groups for two bytes each, one more over all of them. Each group is five digits and a
// check digit that depends on its place, so that a slip of the pen is found in its own group, and two swapped groups too.

import { hash } from './sign.js';

const GROUPS = 17;
// Odd and no multiples of five: any single wrong digit changes the sum.
const WEIGHTS = [1, 3, 7, 9, 1];

const check = (five, at) => [...five].reduce((sum, digit, i) => sum + WEIGHTS[i] * Number(digit), 3 * at) % 10;

function group(value, at) {
  const five = String(value).padStart(5, '0');
  return five + check(five, at);
}

const sum = (seed) => {
  const [high, low] = hash('commons/1/key-check', seed);
  return (high << 8) | low;
};

// Seventeen texts of six digits.
export function toDigits(seed) {
  const values = Array.from({ length: GROUPS - 1 }, (_, at) => (seed[2 * at] << 8) | seed[2 * at + 1]);
  return [...values, sum(seed)].map(group);
}

// Digits of any script as 0 to 9; everything else goes.
export function plainDigits(text) {
  const latin = text.replace(/[\u0660-\u0669\u06f0-\u06f9]/g, (digit) => String(digit.charCodeAt(0) & 15));
  return latin.replace(/[^0-9]/g, '');
}

// The seed, or the number (from 1) of the first group that is wrong.
export function fromDigits(text) {
  const digits = plainDigits(text);
  const seed = new Uint8Array(32);
  for (let at = 0; at < GROUPS; at += 1) {
    const six = digits.slice(6 * at, 6 * at + 6);
    const value = Number(six.slice(0, 5));
    if (six.length < 6 || value > 0xffff || group(value, at) !== six) return { wrong: at + 1 };
    if (at < GROUPS - 1) seed.set([value >> 8, value & 255], 2 * at);
    else if (value !== sum(seed)) return { wrong: at + 1 };
  }
  return digits.length === 6 * GROUPS ? { seed } : { wrong: GROUPS };
}

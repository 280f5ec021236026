/* What a phone holds of one visit: `base` as the service has it, `answers` as they are to be. */

const same = (a, b) => JSON.stringify(a ?? null) === JSON.stringify(b ?? null);
export const empty = (value) => value === null || value === undefined || value === "" || (Array.isArray(value) && !value.length);
const plain = (value) => (empty(value) ? null : value);

/* What of a record is new to the service. */
export function changes(record) {
  const found = {};
  for (const [field, value] of Object.entries(record.answers)) {
    const base = record.base[field];
    if (!same(plain(value), plain(base?.value))) found[field] = { after: base?.number ?? 0, value: plain(value) };
  }
  return found;
}

/* Whether it changes what had arrived: that takes a reason. */
export const corrects = (record) => Object.keys(changes(record)).some((field) => (record.base[field]?.number ?? 0) > 0);

/* What stood before anything was written. */
export const given = (record) => Object.fromEntries(Object.entries(record.base).map(([field, { value }]) => [field, value]));

/* A record laid onto another of the same visit, which another page has kept: of its answers those that differ from
   `from`. Signed is only what was signed as it is now. */
export function joined(stored, record, from) {
  const fields = Object.keys(record.answers).filter((f) => !same(plain(record.answers[f]), plain(from[f])));
  const laid = (onto, own) => ({ ...onto, ...Object.fromEntries(fields.filter((f) => f in own).map((f) => [f, own[f]])) });
  const answers = laid(stored.answers, record.answers);
  const arrived = record.seen.includes(record.document) && !stored.sending;
  const { state, said } = ["open", "done"].includes(record.state) ? stored : record;
  return {
    ...stored, answers, state, said,
    base: laid(stored.base, record.base),
    document: arrived ? record.document : stored.document,
    seen: [...new Set([...stored.seen, ...record.seen])],
    sign: [stored, record].some((one) => one.sign && same(changes({ ...one, answers }), changes(one))),
    reason: record.reason || stored.reason,
  };
}

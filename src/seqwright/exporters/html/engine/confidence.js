"use strict";
// The probability that an answer is correct: inference/calibration.py and inference/familiarity.py.

const PSEUDO_COUNT = 5;
const USUAL = 0.35;

class Confidence {
  // calibration: slope, intercept, and familiarity or null: order, n_ids, surprises, n, longest.   steps: the differences of the
  // numbers of the n-grams, BigInt64Array.   counts: how often each occurred.
  constructor({ slope, intercept, familiarity }, steps, counts) {
    Object.assign(this, { slope, intercept, familiarity, counts: new Map(), total: 0 });
    if (!familiarity) return;
    let key = 0n;
    steps.forEach((step, i) => {
      this.counts.set((key += step), counts[i]);
      const isSingle = key <= BigInt(familiarity.n_ids); // the numbers of longer n-grams are greater
      if (isSingle && key !== BigInt(START + 1)) this.total += counts[i];
    });
  }

  of(logProbs, factor) {
    const total = Math.max(logProbs.reduce((sum, one) => sum + one, 0), -1e9);
    return factor * sigmoid(this.slope * total + this.intercept);
  }

  // The factor in [0, 1] for a source: 1 if it is like those of the training.   ids: END last, without features.
  factor(ids, nUnknownFeatures) {
    if (!this.familiarity) return 1;
    const { surprises, n, longest } = this.familiarity, least = 1 / (n + 1);
    const share = 1 - interpolated(this.#surprise(ids), surprises);
    const found = Math.min(1, Math.max(share, least) / USUAL) * Math.min(1, longest / Math.max(ids.length - 1, 1));
    return nUnknownFeatures ? found * Math.min(1, least / USUAL) : found;
  }

  // The mean -log p of the ids by the n-gram model; the context of an n-gram is the (n - 1)-gram one symbol earlier.
  #surprise(ids) {
    const { order, n_ids: nIds } = this.familiarity, padded = [...Array(order - 1).fill(START), ...ids];
    const count = (end, n) => {
      let key = 0n;
      for (let back = n - 1; back >= 0; back--) key = key * BigInt(nIds + 1) + BigInt((padded[end - back] ?? START) + 1);
      return this.counts.get(key) ?? 0;
    };
    let sum = 0;
    for (let at = order - 1; at < padded.length; at++) {
      let p = 1 / nIds;
      for (let n = 1; n <= order; n++) {
        const own = count(at, n), context = n === 1 ? this.total : at ? count(at - 1, n - 1) : 0;
        p = (own + PSEUDO_COUNT * p) / (Math.max(context, own) + PSEUDO_COUNT);
      }
      sum -= Math.log(p);
    }
    return sum / ids.length;
  }
}

// The place of x among increasing quantiles, from 0 to 1; np.interp.
function interpolated(x, quantiles) {
  const last = quantiles.length - 1, i = quantiles.findLastIndex((one) => one <= x);
  if (i < 0 || last === 0) return 0;
  if (i === last) return 1;
  return (i + (x - quantiles[i]) / (quantiles[i + 1] - quantiles[i])) / last;
}

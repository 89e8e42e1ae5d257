package io.adapt4j.core.internal.task.seq2seq;

/** A source and a target text as tokens. */
@SuppressWarnings("ArrayRecordComponent") // a carrier, never compared
record SequenceSample(int[] source, int[] target, boolean truncated) {

  int longest() {
    return Math.max(source.length, target.length);
  }

  int tokens() {
    return source.length + target.length;
  }
}

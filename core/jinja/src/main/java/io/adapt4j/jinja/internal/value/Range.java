package io.adapt4j.jinja.internal.value;

import java.util.stream.LongStream;

/** Python's range of integers. */
public record Range(long start, long stop, long step, int length) {

  /** Maximum length of a range in Jinja's sandbox. */
  private static final int LONGEST = 100_000;

  public static Range of(long start, long stop, long step) {
    if (step == 0) {
      throw new Fault("range() arg 3 must not be zero");
    }
    double count = Math.ceil(((double) stop - (double) start) / step);
    if (count > LONGEST) {
      throw new Fault("a range has more than " + LONGEST + " numbers");
    }
    return new Range(start, stop, step, (int) Math.max(0, count));
  }

  public long at(int index) {
    return start + index * step;
  }

  LongStream stream() {
    return LongStream.range(0, length).map(index -> start + index * step);
  }
}

package io.adapt4j.jinja.internal.value;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;

/**
 * A part of a sequence, as in {@code x[start:stop:step]}.
 *
 * @param stop exclusive end; null for the default end
 */
public record Slice(Object start, Object stop, Object step) {

  public Object of(Run run, Object target) {
    if (target instanceof Undefined undefined) {
      throw undefined.fault();
    }
    if (target instanceof String text) {
      return text(run, text);
    }
    if (target instanceof Markup markup) {
      return new Markup(text(run, markup.text()));
    }
    if (target instanceof Tuple tuple) {
      return new Tuple(list(run, tuple.items()));
    }
    if (target instanceof List<?> list) {
      return list(run, list);
    }
    if (target instanceof Range range) {
      return range(range);
    }
    throw new Fault("'" + Values.typeName(target) + "' object cannot be sliced");
  }

  private String text(Run run, String text) {
    run.make(text.length());
    int length = Text.length(text);
    long pace = pace();
    long from = from(length, pace);
    long to = to(length, pace);
    if (pace == 1) {
      return Text.slice(text, (int) from, (int) to);
    }
    int[] codePoints = text.codePoints().toArray();
    StringBuilder part = new StringBuilder();
    for (long i = from; pace > 0 ? i < to : i > to; i += pace) {
      part.appendCodePoint(codePoints[(int) i]);
    }
    return part.toString();
  }

  private List<Object> list(Run run, List<?> items) {
    run.makeList(items.size());
    long pace = pace();
    long to = to(items.size(), pace);
    List<Object> part = new ArrayList<>();
    for (long i = from(items.size(), pace); pace > 0 ? i < to : i > to; i += pace) {
      part.add(items.get((int) i));
    }
    return part;
  }

  private Range range(Range range) {
    long pace = pace();
    long from = from(range.length(), pace);
    long to = to(range.length(), pace);
    return Range.of(
        range.start() + from * range.step(),
        range.start() + to * range.step(),
        range.step() * pace);
  }

  /** The step, clamped to values that matter for sequences. */
  private long pace() {
    long pace = step == null ? 1 : index(step);
    if (pace == 0) {
      throw new Fault("slice step cannot be zero");
    }
    return pace;
  }

  private long from(int length, long pace) {
    return start == null ? (pace > 0 ? 0 : length - 1L) : clamped(index(start), length, pace);
  }

  private long to(int length, long pace) {
    return stop == null ? (pace > 0 ? length : -1) : clamped(index(stop), length, pace);
  }

  private static long clamped(long index, int length, long pace) {
    long at = index < 0 ? index + length : index;
    long lowest = pace > 0 ? 0 : -1;
    long highest = pace > 0 ? length : length - 1L;
    return Math.max(lowest, Math.min(highest, at));
  }

  private static long index(Object value) {
    if (value instanceof Boolean flag) {
      return flag ? 1 : 0;
    }
    if (value instanceof Long number) {
      return Math.max(Integer.MIN_VALUE, Math.min(Integer.MAX_VALUE, number));
    }
    if (value instanceof BigInteger number) {
      return number.signum() < 0 ? Integer.MIN_VALUE : Integer.MAX_VALUE;
    }
    if (value instanceof Undefined undefined) {
      throw undefined.fault();
    }
    throw new Fault("slice indices must be integers or None");
  }
}

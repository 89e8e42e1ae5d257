package io.adapt4j.structured.internal.schema;

import io.adapt4j.structured.internal.grammar.Node;

/** Minimum and maximum number of characters of a text without rules. */
record Lengths(long min, long max) {

  private static final Lengths NONE = new Lengths(0, 0);

  static Lengths of(Node node) {
    if (node instanceof Node.Literal literal) {
      long length = literal.text().codePointCount(0, literal.text().length());
      return new Lengths(length, length);
    }
    if (node instanceof Node.Characters) {
      return new Lengths(1, 1);
    }
    if (node instanceof Node.Sequence sequence) {
      Lengths all = NONE;
      for (Node part : sequence.parts()) {
        Lengths length = of(part);
        all = new Lengths(bounded(all.min + length.min), bounded(all.max + length.max));
      }
      return all;
    }
    if (node instanceof Node.Alternatives alternatives) {
      return new Lengths(
          alternatives.choices().stream().mapToLong(choice -> of(choice).min).min().orElse(0),
          alternatives.choices().stream().mapToLong(choice -> of(choice).max).max().orElse(0));
    }
    if (node instanceof Node.Repeat repeat) {
      Lengths body = of(repeat.body());
      long most = body.max == 0 ? 0 : bounded(body.max * repeat.max());
      return new Lengths(bounded(body.min * repeat.min()), most);
    }
    return new Lengths(0, Node.UNBOUNDED);
  }

  private static long bounded(long length) {
    return Math.min(length, Node.UNBOUNDED);
  }

  boolean isWithin(int least, int most) {
    return min >= least && max <= most;
  }
}

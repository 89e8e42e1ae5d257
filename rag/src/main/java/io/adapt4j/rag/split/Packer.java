package io.adapt4j.rag.split;

import java.util.ArrayList;
import java.util.List;

/**
 * Packs pieces into stretches as long as the limit allows that end at the best break. Tokens are
 * summed over pieces; a chosen stretch is then counted as a whole and shortened if it is too long.
 */
record Packer(
    String text,
    Pieces pieces,
    HeadingLines headings,
    PieceCounts counts,
    Limits limits,
    boolean wholeLines) {

  /** A stretch of pieces. */
  record Stretch(int from, int to, int start, int end, String heading) {}

  /** Packs the pieces from one up to another. */
  List<Stretch> pack(int from, int to) {
    List<Stretch> stretches = new ArrayList<>();
    for (int start = from; start < to; ) {
      int end = sectionEnd(start, to);
      packSection(start, end, stretches);
      start = end;
    }
    return stretches;
  }

  private int sectionEnd(int start, int to) {
    int end = start + 1;
    while (end < to && pieces.strength(end) < limits.hardest()) {
      end++;
    }
    return end;
  }

  private void packSection(int from, int to, List<Stretch> stretches) {
    Stretch last = next(from, from, to);
    stretches.add(last);
    while (last.to() < to) {
      int start = overlapStart(last, to);
      Stretch next = next(start, last.to(), to);
      if (start < last.to() && next.to() == last.to()) {
        next = next(last.to(), last.to(), to);
      }
      stretches.add(next);
      last = next;
    }
  }

  /** Chooses the stretch that starts at a piece. */
  private Stretch next(int from, int done, int to) {
    int start = startOf(from);
    String heading = limits.withHeading() ? headings.at(start) : "";
    long budget = limits.tokens() - counts.added() - headings.tokens(heading);
    int end = end(from, done, to, budget);
    while (end > done) {
      long over = count(from, end, start, heading) - limits.tokens();
      if (over <= 0 || end == from + 1) {
        break;
      }
      budget = Math.min(budget, pieces.tokens(from, end)) - over;
      end = Math.min(end - 1, end(from, done, to, budget));
    }
    if (end <= done && from == done) {
      end = from + 1;
    }
    return new Stretch(from, end, start, pieces.end(end - 1), heading);
  }

  private long count(int from, int end, int start, String heading) {
    String stretch = text.substring(start, pieces.end(end - 1));
    return counts.areExact() && pieces.areWords(from, end) && !Blank.hasControls(stretch)
        ? counts.added() + headings.tokens(heading) + pieces.tokens(from, end)
        : headings.count(heading, stretch);
  }

  /** Returns the start of a piece; in code, with the indentation of the first line. */
  private int startOf(int piece) {
    int start = pieces.start(piece);
    if (!wholeLines) {
      return start;
    }
    int least = piece == 0 ? 0 : pieces.end(piece - 1);
    int line = start;
    while (line > least && isIndentation(text.charAt(line - 1))) {
      line--;
    }
    return line == 0 || text.charAt(line - 1) == '\n' ? line : start;
  }

  private static boolean isIndentation(char character) {
    return character == ' ' || character == '\t';
  }

  private int end(int from, int done, int to, long budget) {
    int most = done;
    while (most < to && pieces.tokens(from, most + 1) <= budget) {
      most++;
    }
    if (most == to || most <= done) {
      return most;
    }
    for (int strength = Strength.STRONGEST; strength > Strength.CHARACTER; strength--) {
      int end = lastCut(done, most, strength);
      if (end > done && isGoodEnd(from, end, to, strength, budget)) {
        return end;
      }
    }
    return most;
  }

  /** Returns the last break after a piece and up to another; the first of them if there is none. */
  private int lastCut(int after, int most, int strength) {
    int cut = most;
    while (cut > after && pieces.strength(cut) < strength) {
      cut--;
    }
    return cut;
  }

  /**
   * Returns whether an end is good: the stretch is long enough, or the following block fits as a
   * whole elsewhere.
   */
  private boolean isGoodEnd(int from, int end, int to, int strength, long budget) {
    if (2 * pieces.tokens(from, end) >= budget) {
      return true;
    }
    return pieces.tokens(end, blockEnd(end, to, strength, budget)) <= budget;
  }

  /** Returns the end of the block that starts at a piece, searched only as far as it fits. */
  private int blockEnd(int start, int to, int strength, long budget) {
    int end = start + 1;
    while (end < to && pieces.strength(end) < strength && pieces.tokens(start, end) <= budget) {
      end++;
    }
    return end;
  }

  /** Returns the start of the next stretch, overlapping the end of the last one. */
  private int overlapStart(Stretch last, int to) {
    int end = last.to();
    if (limits.overlap() == 0) {
      return end;
    }
    int least = end;
    while (least > last.from() + 1 && pieces.tokens(least - 1, end) <= limits.overlap()) {
      least--;
    }
    int start = firstCut(least, end, Strength.SENTENCE);
    start = start < end ? start : firstCut(least, end, Strength.WORD);
    while (start < end && repeated(start, last) > limits.overlap()) {
      start = firstCut(start + 1, end, Strength.WORD);
    }
    return breaksWhatFits(start, end, to) ? end : start;
  }

  private long repeated(int start, Stretch last) {
    String stretch = text.substring(startOf(start), last.end());
    return counts.areExact() && pieces.areWords(start, last.to()) && !Blank.hasControls(stretch)
        ? pieces.tokens(start, last.to())
        : counts.of(stretch);
  }

  private int firstCut(int from, int to, int strength) {
    int cut = from;
    while (cut < to && pieces.strength(cut) < strength) {
      cut++;
    }
    return cut;
  }

  /**
   * Returns whether the block after a position fits in a stretch, but not with the overlap before
   * it.
   */
  private boolean breaksWhatFits(int start, int end, int to) {
    long budget = limits.tokens() - counts.added();
    int strength = Math.max(pieces.strength(end), Strength.SENTENCE);
    int blockEnd = blockEnd(end, to, strength, budget);
    return pieces.tokens(end, blockEnd) <= budget && pieces.tokens(start, blockEnd) > budget;
  }
}

package io.adapt4j.rag.split;

import java.util.ArrayList;
import java.util.List;

/** Lookup of the headings above a position. */
final class Headings {

  private final List<Breaks.Heading> headings;
  private final List<List<String>> above = new ArrayList<>();
  private final List<List<String>> below = new ArrayList<>();

  /** Creates a lookup of a text's headings. */
  Headings(List<Breaks.Heading> headings) {
    this.headings = headings;
    List<Breaks.Heading> open = new ArrayList<>();
    for (Breaks.Heading heading : headings) {
      while (!open.isEmpty() && open.get(open.size() - 1).level() >= heading.level()) {
        open.remove(open.size() - 1);
      }
      above.add(titles(open));
      open.add(heading);
      below.add(titles(open));
    }
  }

  /** Returns the headings above a position, excluding one that begins there. */
  List<String> above(int position) {
    int after = firstFrom(position);
    if (after < headings.size() && headings.get(after).start() == position) {
      return above.get(after);
    }
    return after == 0 ? List.of() : below.get(after - 1);
  }

  /** Returns the index of the first heading that does not begin before a position. */
  private int firstFrom(int position) {
    int low = 0;
    int high = headings.size();
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (headings.get(middle).start() < position) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  private static List<String> titles(List<Breaks.Heading> open) {
    return open.stream().map(Breaks.Heading::title).filter(title -> !title.isEmpty()).toList();
  }
}

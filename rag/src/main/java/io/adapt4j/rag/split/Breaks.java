package io.adapt4j.rag.split;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Structural break positions of a text, and its headings. */
final class Breaks {

  private static final int STRENGTH_BITS = 4;
  private static final long STRENGTH_MASK = (1 << STRENGTH_BITS) - 1;

  private final List<Heading> headings = new ArrayList<>();
  private long[] places = new long[64];
  private int size;
  private int contentStart;

  /** A heading, by the position of its first character; 1 is the highest level. */
  record Heading(int start, int level, String title) {}

  void add(int position, int strength) {
    if (size == places.length) {
      places = Arrays.copyOf(places, 2 * size);
    }
    places[size++] = ((long) position << STRENGTH_BITS) | strength;
  }

  void addHeading(Heading heading) {
    headings.add(heading);
  }

  void startAt(int position) {
    contentStart = position;
  }

  int contentStart() {
    return contentStart;
  }

  List<Heading> headings() {
    return headings;
  }

  /** Returns the breaks in ascending order; the weaker of two at one position comes first. */
  Sorted sorted() {
    Arrays.sort(places, 0, size);
    return new Sorted();
  }

  /** A cursor over the breaks. */
  final class Sorted {
    private int next;

    boolean isBefore(int position) {
      return next < size && peek() < position;
    }

    int peek() {
      return (int) (places[next] >>> STRENGTH_BITS);
    }

    int takeStrength() {
      return (int) (places[next++] & STRENGTH_MASK);
    }
  }
}

package io.adapt4j.rag.split;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/**
 * A text as a sequence of indivisible small pieces, typically words, each with the blanks before
 * it. Stored in pages, since a text of many megabytes has millions of pieces, and growing arrays
 * would be held twice while copied.
 */
final class Pieces {

  private static final int PAGE_BITS = 14;
  private static final int PAGE = 1 << PAGE_BITS;

  /** Pieces {@code n * PAGE} and following. */
  private static final class Page {
    private final int[] starts = new int[PAGE];
    private final int[] ends = new int[PAGE];
    private final byte[] strengths = new byte[PAGE];

    /** Cumulative tokens before each piece within the page. */
    private final int[] tokens = new int[PAGE];

    private final long tokensBefore;

    private Page(long tokensBefore) {
      this.tokensBefore = tokensBefore;
    }
  }

  private final List<Page> pages = new ArrayList<>();
  private final BitSet parts = new BitSet();
  private long total;
  private int size;

  void add(int start, int end, int count, int strength, boolean isPart) {
    int place = size & (PAGE - 1);
    if (place == 0) {
      pages.add(new Page(total));
    }
    Page page = pages.get(pages.size() - 1);
    page.starts[place] = start;
    page.ends[place] = end;
    page.strengths[place] = (byte) strength;
    page.tokens[place] = Math.toIntExact(total - page.tokensBefore);
    if (isPart) {
      parts.set(size);
    }
    total += count;
    size++;
  }

  int size() {
    return size;
  }

  int start(int piece) {
    return page(piece).starts[piece & (PAGE - 1)];
  }

  int end(int piece) {
    return page(piece).ends[piece & (PAGE - 1)];
  }

  int strength(int piece) {
    return page(piece).strengths[piece & (PAGE - 1)];
  }

  long tokens(int from, int to) {
    return tokensBefore(to) - tokensBefore(from);
  }

  /** Returns whether all pieces of a range are whole words. */
  boolean areWords(int from, int to) {
    int part = parts.nextSetBit(from);
    return part < 0 || part >= to;
  }

  private long tokensBefore(int piece) {
    if (piece == size) {
      return total;
    }
    Page page = page(piece);
    return page.tokensBefore + page.tokens[piece & (PAGE - 1)];
  }

  private Page page(int piece) {
    return pages.get(piece >>> PAGE_BITS);
  }
}

package io.adapt4j.rag.split;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/**
 * A text as a row of small pieces, words mostly, each with the blanks before it. Nothing smaller is
 * ever cut. Kept in pages, since a text of many megabytes has as many pieces: arrays that grow
 * would be held twice while they are copied.
 */
final class Pieces {

  private static final int PAGE_BITS = 14;
  private static final int PAGE = 1 << PAGE_BITS;

  /** Pieces {@code n * PAGE} and following. */
  private static final class Page {
    private final int[] starts = new int[PAGE];
    private final int[] ends = new int[PAGE];
    private final byte[] strengths = new byte[PAGE];

    /** Tokens of the pieces before each one, from the first one of the page. */
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

  /** Adds the next piece. */
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

  /** The tokens of the pieces from one up to another. */
  long tokens(int from, int to) {
    return tokensBefore(to) - tokensBefore(from);
  }

  /** Whether the pieces from one up to another are whole words, each of them. */
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

package io.adapt4j.rag.split;

import io.adapt4j.rag.document.Chunk;
import java.util.List;

/** Renders the headings above a position as one line that takes only a small part of a chunk. */
final class HeadingLines {

  /** Divisor of the chunk size that limits a heading line. */
  private static final int LARGEST_PART = 4;

  private static final String JOINT = " > ";

  private final Headings headings;
  private final PieceCounts counts;
  private final int mostTokens;
  private List<String> lastTitles = List.of();
  private String lastLine = "";

  HeadingLines(Headings headings, PieceCounts counts, int chunkTokens) {
    this.headings = headings;
    this.counts = counts;
    mostTokens = chunkTokens / LARGEST_PART;
  }

  /** Returns the line for a position; outermost headings are dropped if not all fit. */
  String at(int position) {
    List<String> titles = headings.above(position);
    if (titles != lastTitles) {
      lastTitles = titles;
      lastLine = fitting(titles);
    }
    return lastLine;
  }

  /** Returns the tokens that a line takes before a text. */
  int tokens(String line) {
    return line.isEmpty() ? 0 : counts.of(Chunk.searchText(line, ""));
  }

  /** Counts the tokens of a text with a line before it. */
  int count(String line, String text) {
    return counts.exactly(Chunk.searchText(line, text));
  }

  private String fitting(List<String> titles) {
    for (int from = 0; from < titles.size(); from++) {
      String line = String.join(JOINT, titles.subList(from, titles.size()));
      if (tokens(line) <= mostTokens) {
        return line;
      }
    }
    return "";
  }
}

package io.adapt4j.rag.document;

import java.util.ArrayList;
import java.util.List;

/** Builds the text of a table row by row. */
final class TableText {

  private final List<List<String>> rows = new ArrayList<>();
  private boolean layout;

  void row() {
    rows.add(new ArrayList<>());
  }

  /** Adds a cell to the last row; blank text outside cells is ignored. */
  void cell(String text) {
    if (rows.isEmpty()) {
      if (text.isEmpty()) {
        return;
      }
      row();
    }
    if (!text.isEmpty()) {
      rows.get(rows.size() - 1).add(text.replace("|", "\\|"));
    }
  }

  boolean isLayout() {
    return layout;
  }

  void becomeLayout() {
    layout = true;
    rows.clear();
  }

  List<String> cells() {
    return rows.stream().flatMap(List::stream).toList();
  }

  /** Returns a Markdown table; a single column becomes paragraphs. */
  String text() {
    rows.removeIf(List::isEmpty);
    int columns = rows.stream().mapToInt(List::size).max().orElse(0);
    if (columns < 2) {
      return String.join("\n\n", cells());
    }
    StringBuilder text = new StringBuilder(line(rows.get(0)));
    text.append('\n').append("| --- ".repeat(columns)).append('|');
    for (List<String> row : rows.subList(1, rows.size())) {
      text.append('\n').append(line(row));
    }
    return text.toString();
  }

  private static String line(List<String> row) {
    return "| " + String.join(" | ", row) + " |";
  }
}

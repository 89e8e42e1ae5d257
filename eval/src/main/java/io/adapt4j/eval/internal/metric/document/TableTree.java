package io.adapt4j.eval.internal.metric.document;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jsoup.Jsoup;
import org.jsoup.nodes.Element;
import org.jsoup.parser.Parser;

/** Structure of an HTML table: its sections, rows and cells, in postorder. */
final class TableTree {

  /** Maximum number of nodes of a table that is compared. */
  static final int LARGEST = 5000;

  private static final String CELL = "td";

  private final List<Node> nodes = new ArrayList<>();

  /** Index of the first node in postorder of the subtree of each node. */
  private final List<Integer> firsts = new ArrayList<>();

  /** A node; the text is empty except in cells. */
  record Node(String tag, int columns, int rows, String text) {

    boolean isCell() {
      return tag.equals(CELL);
    }

    boolean hasShapeOf(Node other) {
      return tag.equals(other.tag) && columns == other.columns && rows == other.rows;
    }
  }

  /** Reads the first table of an HTML text; without one, the tree is a table without rows. */
  static TableTree of(String html) {
    TableTree tree = new TableTree();
    Element table = Jsoup.parse(html, Parser.htmlParser()).selectFirst("table");
    if (table == null) {
      tree.add("table", 0, 0, "", 0);
    } else {
      tree.addTable(table);
    }
    return tree;
  }

  /** Returns the number of nodes below the table itself. */
  int size() {
    return nodes.size() - 1;
  }

  List<Node> nodes() {
    return nodes;
  }

  int first(int node) {
    return firsts.get(node);
  }

  private void addTable(Element table) {
    for (Element child : table.children()) {
      if (child.normalName().equals("tr")) {
        addRow(child);
      } else if (List.of("thead", "tbody", "tfoot").contains(child.normalName())) {
        int first = nodes.size();
        child.children().stream()
            .filter(row -> row.normalName().equals("tr"))
            .forEach(this::addRow);
        add(child.normalName(), 0, 0, "", first);
      }
    }
    add("table", 0, 0, "", 0);
  }

  private void addRow(Element row) {
    int first = nodes.size();
    for (Element cell : row.children()) {
      if (List.of(CELL, "th").contains(cell.normalName())) {
        add(CELL, span(cell, "colspan"), span(cell, "rowspan"), cell.text(), nodes.size());
      }
    }
    add("tr", 0, 0, "", first);
  }

  private static int span(Element cell, String attribute) {
    try {
      return Integer.parseInt(cell.attr(attribute).strip());
    } catch (NumberFormatException e) {
      return 1;
    }
  }

  private void add(String tag, int columns, int rows, String text, int first) {
    nodes.add(new Node(tag, columns, rows, Objects.requireNonNull(text)));
    firsts.add(first);
  }
}

package io.adapt4j.rag.document;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * DocTags, the markup that Docling's models write pages in: elements such as {@code <text>}, each
 * begun by its place, {@code <loc_0>} to {@code <loc_500>} for left, top, right and bottom; tables
 * in OTSL (Lysak et al. 2023, arXiv:2305.03393). Headings and lists become Markdown, tables HTML.
 */
final class DocTags {

  /** Size of a page in the units of places. */
  private static final double PAGE = 500;

  private static final Pattern TAG =
      Pattern.compile("<(/?)([a-z][a-z_0-9]*)>|<\\|[^<>|]*\\|>|<_[^<>\\s]+_>");
  private static final Pattern PLACE = Pattern.compile("loc_(\\d{1,3})");
  private static final Pattern LEVEL = Pattern.compile("section_header_level_(\\d)");

  private static final Set<String> BLOCKS =
      Set.of(
          "title",
          "text",
          "paragraph",
          "list_item",
          "caption",
          "footnote",
          "page_header",
          "page_footer",
          "formula",
          "code",
          "checkbox_selected",
          "checkbox_unselected",
          "picture",
          "chart",
          "otsl",
          "document_index");

  /** Tags that are not part of the text. */
  private static final Set<String> OTHERS =
      Set.of(
          "doctag",
          "ordered_list",
          "unordered_list",
          "page_break",
          "group",
          "inline",
          "form",
          "key_value_region",
          "reference",
          "smiles",
          "end_of_utterance");

  private static final Set<String> CELLS =
      Set.of("fcel", "ecel", "lcel", "ucel", "xcel", "ched", "rhed", "srow", "nl");

  private final StringBuilder text = new StringBuilder();
  private final List<PageBox> boxes = new ArrayList<>();
  private final Deque<Block> open = new ArrayDeque<>();
  private final Deque<int[]> lists = new ArrayDeque<>();
  private boolean afterItem;

  /** An element, until it ends. */
  private static final class Block {
    private final String name;
    private final StringBuilder words = new StringBuilder();
    private final List<Integer> place = new ArrayList<>();
    private final List<List<Cell>> rows = new ArrayList<>(List.of(new ArrayList<>()));

    Block(String name) {
      this.name = name;
    }

    boolean isTable() {
      return name.equals("otsl") || name.equals("chart") || name.equals("document_index");
    }

    StringBuilder words() {
      List<Cell> row = rows.get(rows.size() - 1);
      return isTable() && !row.isEmpty() ? row.get(row.size() - 1).words : words;
    }
  }

  /** A cell of a table. */
  private record Cell(String kind, StringBuilder words) {

    /** Returns whether it belongs to the cell at its left, above it, or both. */
    boolean isMerged(String other) {
      return kind.equals(other) || kind.equals("xcel");
    }
  }

  private DocTags() {}

  /** Returns whether a text is written in DocTags. */
  static boolean isIn(String text) {
    return text.contains("<doctag>") || text.contains("<loc_");
  }

  /** Parses a page; elements that never end, such as those of a truncated text, end with it. */
  static PageText parse(String tagged, boolean truncated) {
    DocTags page = new DocTags();
    Matcher tag = TAG.matcher(tagged);
    int from = 0;
    while (tag.find()) {
      page.words(tagged.substring(from, tag.start()));
      page.tag(tag);
      from = tag.end();
    }
    page.words(tagged.substring(from));
    while (!page.open.isEmpty()) {
      page.end(page.open.peek().name);
    }
    return new PageText(page.text.toString(), page.boxes, truncated);
  }

  private void words(String words) {
    if (!open.isEmpty()) {
      open.peek().words().append(words);
    } else if (!words.isBlank()) {
      add(words.strip(), List.of(), false);
    }
  }

  private void tag(Matcher tag) {
    String name = tag.group(2);
    Block inner = open.peek();
    if (name == null) {
      // A special token, or the language of code.
      return;
    }
    boolean ends = !tag.group(1).isEmpty();
    Matcher place = PLACE.matcher(name);
    if (place.matches()) {
      if (inner != null && inner.place.size() < 4) {
        inner.place.add(Math.min((int) PAGE, Integer.parseInt(place.group(1))));
      }
    } else if (BLOCKS.contains(name) || LEVEL.matcher(name).matches()) {
      if (ends) {
        end(name);
      } else {
        open.push(new Block(name));
      }
    } else if (inner != null && inner.isTable() && CELLS.contains(name)) {
      cell(inner, name);
    } else if (name.equals("ordered_list") || name.equals("unordered_list")) {
      list(name, ends);
    } else if (!OTHERS.contains(name) && inner != null && !isClass(inner)) {
      inner.words().append(tag.group());
    }
  }

  /** Returns whether a tag names the kind of a picture. */
  private static boolean isClass(Block inner) {
    return inner.name.equals("picture") || inner.name.equals("chart");
  }

  private void list(String name, boolean ends) {
    if (ends) {
      lists.poll();
      afterItem &= !lists.isEmpty();
    } else {
      lists.push(new int[] {name.equals("ordered_list") ? 1 : 0});
    }
  }

  private static void cell(Block table, String name) {
    List<List<Cell>> rows = table.rows;
    if (name.equals("nl")) {
      rows.add(new ArrayList<>());
    } else {
      rows.get(rows.size() - 1).add(new Cell(name, new StringBuilder()));
    }
  }

  /** Ends the innermost element of a name, and with it those within that never ended. */
  private void end(String name) {
    if (open.stream().noneMatch(block -> block.name.equals(name))) {
      return;
    }
    Block block = open.pop();
    while (!block.name.equals(name)) {
      write(block);
      block = open.pop();
    }
    write(block);
  }

  private void write(Block block) {
    String words = block.words.toString().strip();
    boolean item = block.name.equals("list_item");
    if (block.isTable()) {
      if (!words.isEmpty()) {
        add(words, List.of(), false);
      }
      words = table(block.rows);
    } else if (!words.isEmpty()) {
      words = written(block.name, words);
    }
    if (!words.isEmpty()) {
      add(words, block.place, item);
    }
  }

  private String written(String name, String words) {
    Matcher level = LEVEL.matcher(name);
    if (level.matches()) {
      return "#".repeat(Math.min(6, Integer.parseInt(level.group(1)) + 1)) + " " + line(words);
    }
    return switch (name) {
      case "title" -> "# " + line(words);
      case "list_item" -> marker(words) + line(words);
      case "checkbox_selected" -> "[x] " + words;
      case "checkbox_unselected" -> "[ ] " + words;
      case "formula" -> "$$" + words + "$$";
      case "code" -> "```\n" + words + "\n```";
      default -> words;
    };
  }

  private static String line(String words) {
    return words.replaceAll("\\s+", " ");
  }

  private String marker(String words) {
    int[] next = lists.peek();
    if (next == null || next[0] == 0) {
      return words.startsWith("- ") ? "" : "- ";
    }
    String number = next[0]++ + ". ";
    // Models often write the number that they read.
    return words.matches("(?s)\\(?\\w{1,3}[.)] .*") ? "" : number;
  }

  private void add(String words, List<Integer> place, boolean item) {
    if (!text.isEmpty()) {
      text.append(item && afterItem ? "\n" : "\n\n");
    }
    afterItem = item;
    Span span = new Span(text.length(), text.length() + words.length());
    text.append(words);
    if (place.size() == 4) {
      double left = Math.min(place.get(0), place.get(2)) / PAGE;
      double right = Math.max(place.get(0), place.get(2)) / PAGE;
      double top = Math.min(place.get(1), place.get(3)) / PAGE;
      double bottom = Math.max(place.get(1), place.get(3)) / PAGE;
      boxes.add(new PageBox(1, span, left, top, right, bottom));
    }
  }

  private static String table(List<List<Cell>> rows) {
    StringBuilder html = new StringBuilder();
    for (int y = 0; y < rows.size(); y++) {
      List<Cell> row = rows.get(y);
      if (row.isEmpty()) {
        continue;
      }
      html.append("<tr>");
      for (int x = 0; x < row.size(); x++) {
        Cell cell = row.get(x);
        if (!cell.isMerged("lcel") && !cell.isMerged("ucel")) {
          boolean head = Set.of("ched", "rhed", "srow").contains(cell.kind);
          html.append(head ? "<th" : "<td").append(spans(rows, y, x)).append('>');
          html.append(escaped(line(cell.words.toString().strip())));
          html.append(head ? "</th>" : "</td>");
        }
      }
      html.append("</tr>\n");
    }
    return html.isEmpty() ? "" : "<table>\n" + html + "</table>";
  }

  /** Returns the attributes for the cells that belong to one. */
  private static String spans(List<List<Cell>> rows, int y, int x) {
    int wide = 1;
    while (x + wide < rows.get(y).size() && rows.get(y).get(x + wide).isMerged("lcel")) {
      wide++;
    }
    int high = 1;
    while (y + high < rows.size()
        && x < rows.get(y + high).size()
        && rows.get(y + high).get(x).isMerged("ucel")) {
      high++;
    }
    return (wide > 1 ? " colspan=\"" + wide + "\"" : "")
        + (high > 1 ? " rowspan=\"" + high + "\"" : "");
  }

  private static String escaped(String words) {
    return words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
  }
}

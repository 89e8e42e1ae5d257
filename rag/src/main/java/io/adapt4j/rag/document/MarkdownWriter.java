package io.adapt4j.rag.document;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.Set;

/**
 * Renders the elements of HTML, or of Tika's XHTML, as Markdown: headings, lists, tables row by
 * row, code; everything else as paragraphs. Only the words of links and emphasis are kept.
 */
final class MarkdownWriter {

  private static final Set<String> UNSEEN =
      Set.of("head", "script", "style", "noscript", "template", "svg", "iframe", "object", "math");

  private static final Set<String> BLOCKS =
      Set.of(
          "address",
          "article",
          "aside",
          "blockquote",
          "body",
          "caption",
          "center",
          "dd",
          "details",
          "dialog",
          "div",
          "dl",
          "dt",
          "fieldset",
          "figcaption",
          "figure",
          "footer",
          "form",
          "header",
          "hgroup",
          "hr",
          "html",
          "legend",
          "main",
          "nav",
          "p",
          "section",
          "summary");

  private final TextSink out;
  private final boolean keepLines;
  private final StringBuilder words = new StringBuilder();
  private final Deque<ListLevel> lists = new ArrayDeque<>();
  private final Deque<TableText> tables = new ArrayDeque<>();
  private String marker = "";
  private String indent = "";
  private int unseen;
  private boolean code;

  private static final class ListLevel {
    private final boolean numbered;
    private int items;

    ListLevel(boolean numbered) {
      this.numbered = numbered;
    }

    String marker() {
      items++;
      return numbered ? items + ". " : "- ";
    }
  }

  MarkdownWriter(TextSink out, boolean keepLines) {
    this.out = out;
    this.keepLines = keepLines;
  }

  void begin(String name) {
    if (unseen > 0 || UNSEEN.contains(name)) {
      unseen++;
      return;
    }
    switch (name) {
      case "h1", "h2", "h3", "h4", "h5", "h6" -> beginBlock("#".repeat(name.charAt(1) - '0') + " ");
      case "ul", "ol", "menu" -> beginList(name.equals("ol"));
      case "li" -> beginItem();
      case "table" -> beginTable();
      case "tr" -> inTable().ifPresentOrElse(TableText::row, this::endBlock);
      case "td", "th" -> endCell();
      case "pre" -> {
        beginBlock("");
        code = true;
      }
      case "br" -> words.append('\n');
      default -> {
        if (BLOCKS.contains(name)) {
          separate();
        }
      }
    }
  }

  void end(String name) {
    if (unseen > 0) {
      unseen--;
      return;
    }
    switch (name) {
      case "h1", "h2", "h3", "h4", "h5", "h6", "li" -> {
        separate();
        marker = "";
      }
      case "ul", "ol", "menu" -> {
        endBlock();
        lists.poll();
        indent();
        if (lists.isEmpty()) {
          out.endLines();
        }
      }
      case "table" -> endTable();
      case "td", "th", "tr" -> endCell();
      case "pre" -> endCode();
      default -> {
        if (BLOCKS.contains(name)) {
          separate();
        }
      }
    }
  }

  void text(CharSequence text) {
    if (unseen == 0) {
      out.require(words.length() + text.length());
      words.append(keepLines || code ? text : text.toString().replace('\n', ' '));
    }
  }

  void page() {
    endBlock();
    out.page();
  }

  void finish() {
    while (!tables.isEmpty()) {
      endTable();
    }
    endBlock();
  }

  private Optional<TableText> inTable() {
    return tables.isEmpty() || tables.peek().isLayout()
        ? Optional.empty()
        : Optional.of(tables.peek());
  }

  /** Separates paragraphs; those in a cell are joined in its single line. */
  private void separate() {
    if (inTable().isPresent()) {
      words.append(' ');
    } else {
      endBlock();
    }
  }

  private void beginBlock(String prefix) {
    leaveCells();
    endBlock();
    marker = marker + prefix;
  }

  private void beginList(boolean numbered) {
    leaveCells();
    endBlock();
    marker = "";
    lists.push(new ListLevel(numbered));
    indent();
  }

  private void beginItem() {
    endBlock();
    if (!lists.isEmpty()) {
      marker = lists.peek().marker();
    }
  }

  private void indent() {
    indent = lists.isEmpty() ? "" : "  ".repeat(Math.min(lists.size(), 8) - 1);
  }

  private void beginTable() {
    leaveCells();
    endBlock();
    tables.push(new TableText());
  }

  /**
   * Treats cells as blocks: a table whose cells hold headings, lists or tables is a page layout.
   */
  private void leaveCells() {
    inTable()
        .ifPresent(
            table -> {
              table.cells().forEach(out::block);
              table.becomeLayout();
            });
  }

  private void endCell() {
    if (inTable().isPresent()) {
      String cell = collapsed(words, false);
      words.setLength(0);
      inTable().get().cell(cell);
    } else {
      endBlock();
    }
  }

  private void endTable() {
    endCell();
    if (!tables.isEmpty()) {
      TableText table = tables.pop();
      if (!table.isLayout()) {
        out.block(table.text());
      }
    }
  }

  private void endBlock() {
    if (code) {
      endCode();
      return;
    }
    boolean oneLine = !marker.isEmpty() || !lists.isEmpty();
    String text = collapsed(words, !oneLine);
    words.setLength(0);
    if (text.isEmpty()) {
      return;
    }
    if (lists.isEmpty()) {
      out.block(marker.isEmpty() ? escaped(text) : marker + text);
    } else {
      out.line(indent + (marker.isEmpty() ? "  " : marker) + text);
    }
    marker = "";
  }

  private void endCode() {
    String text = words.toString();
    words.setLength(0);
    code = false;
    if (!text.isBlank()) {
      String fence = "```";
      while (text.contains(fence)) {
        fence += "`";
      }
      out.block(fence + "\n" + text.strip().replace("\r\n", "\n") + "\n" + fence);
    }
  }

  /** Escapes text that would be parsed as a heading, code or an element. */
  private static String escaped(String text) {
    boolean marked =
        text.startsWith("#") || text.startsWith("```") || text.startsWith("~~~") || isTag(text);
    return marked ? "\\" + text : text;
  }

  private static boolean isTag(String text) {
    return text.length() > 1 && text.charAt(0) == '<' && !Character.isWhitespace(text.charAt(1));
  }

  /**
   * Collapses each run of whitespace to a space; if lines are kept, a run with one line break to
   * one, and a run with more to a blank line.
   */
  private static String collapsed(CharSequence text, boolean lines) {
    StringBuilder collapsed = new StringBuilder(text.length());
    boolean blank = false;
    int ends = 0;
    for (int i = 0; i < text.length(); i++) {
      char character = text.charAt(i);
      if (Character.isWhitespace(character) || Character.isSpaceChar(character)) {
        blank = true;
        ends += lines && character == '\n' ? 1 : 0;
      } else {
        if (blank && !collapsed.isEmpty()) {
          collapsed.append(ends == 0 ? " " : "\n".repeat(Math.min(ends, 2)));
        }
        blank = false;
        ends = 0;
        collapsed.append(character);
      }
    }
    return collapsed.toString();
  }
}

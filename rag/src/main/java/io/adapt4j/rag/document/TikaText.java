package io.adapt4j.rag.document;

import org.xml.sax.Attributes;
import org.xml.sax.helpers.DefaultHandler;

/** Converts Tika's XHTML output to Markdown. */
final class TikaText extends DefaultHandler {

  private static final String TABLE = "table";

  private final MarkdownWriter writer;
  private final boolean onlyTables;
  private int tables;

  TikaText(MarkdownWriter writer, boolean onlyTables) {
    this.writer = writer;
    this.onlyTables = onlyTables;
  }

  @Override
  public void startElement(String uri, String name, String qualified, Attributes attributes) {
    String kind = attributes.getValue("class");
    if ("page".equals(kind) || "slide-content".equals(kind)) {
      writer.page();
    }
    tables += name.equals(TABLE) ? 1 : 0;
    if (isRead()) {
      writer.begin(name);
    }
  }

  @Override
  public void endElement(String uri, String name, String qualified) {
    if (isRead()) {
      writer.end(name);
    }
    tables -= name.equals(TABLE) ? 1 : 0;
  }

  @Override
  public void characters(char[] characters, int start, int length) {
    if (isRead()) {
      writer.text(new String(characters, start, length));
    }
  }

  private boolean isRead() {
    return !onlyTables || tables > 0;
  }

  @Override
  public void ignorableWhitespace(char[] characters, int start, int length) {
    characters(characters, start, length);
  }

  void finish() {
    writer.finish();
  }
}

package io.adapt4j.rag.document;

import org.xml.sax.Attributes;
import org.xml.sax.helpers.DefaultHandler;

/** The XHTML that Tika makes of a file as Markdown. */
final class TikaText extends DefaultHandler {

  private final MarkdownWriter writer;

  TikaText(MarkdownWriter writer) {
    this.writer = writer;
  }

  @Override
  public void startElement(String uri, String name, String qualified, Attributes attributes) {
    String kind = attributes.getValue("class");
    if ("page".equals(kind) || "slide-content".equals(kind)) {
      writer.page();
    }
    writer.begin(name);
  }

  @Override
  public void endElement(String uri, String name, String qualified) {
    writer.end(name);
  }

  @Override
  public void characters(char[] characters, int start, int length) {
    writer.text(new String(characters, start, length));
  }

  @Override
  public void ignorableWhitespace(char[] characters, int start, int length) {
    characters(characters, start, length);
  }

  void finish() {
    writer.finish();
  }
}

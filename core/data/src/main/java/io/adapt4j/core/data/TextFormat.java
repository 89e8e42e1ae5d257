package io.adapt4j.core.data;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;

/** Plain text, whose rows have the single field {@code text}. */
record TextFormat(TextUnit unit) implements RecordFormat {

  @Override
  public void scan(SourceFile source, Sink sink) throws IOException {
    switch (unit) {
      case DOCUMENT -> add(source, sink, source.start(), source.size(), 1);
      case PARAGRAPH -> scanParagraphs(source, sink);
      case LINE -> scanLines(source, sink);
    }
  }

  private void scanLines(SourceFile source, Sink sink) throws IOException {
    try (LineReader lines = new LineReader(source.content(), source.start())) {
      while (lines.next()) {
        if (lines.tooLong()) {
          sink.tooLong(lines.offset(), lines.number());
        } else if (!lines.isBlank()) {
          add(source, sink, lines.offset(), lines.offset() + lines.length(), lines.number());
        }
      }
    }
  }

  private void scanParagraphs(SourceFile source, Sink sink) throws IOException {
    long start = -1;
    long end = 0;
    long line = 0;
    try (LineReader lines = new LineReader(source.content(), source.start())) {
      while (lines.next()) {
        if (lines.isBlank() && !lines.tooLong()) {
          if (start >= 0) {
            add(source, sink, start, end, line);
            start = -1;
          }
          continue;
        }
        if (start < 0) {
          start = lines.offset();
          line = lines.number();
        }
        end = lines.offset() + lines.bytes();
      }
    }
    if (start >= 0) {
      add(source, sink, start, end, line);
    }
  }

  private void add(SourceFile source, Sink sink, long start, long end, long line)
      throws IOException {
    long length = end - start;
    if (length == 0) {
      return;
    }
    if (length > LineReader.LONGEST_LINE) {
      sink.tooLong(start, line);
      return;
    }
    byte[] text = source.read(start, (int) length, 0);
    sink.row(start, (int) length, line, 0, () -> parse(text, 0));
  }

  @Override
  public ObjectNode parse(byte[] text, int part) throws RowProblem {
    int end = text.length;
    if (unit != TextUnit.DOCUMENT && end > 0 && text[end - 1] == '\r') {
      end--;
    }
    return JsonNodeFactory.instance.objectNode().put("text", RowProblem.decodeUtf8(text, 0, end));
  }
}

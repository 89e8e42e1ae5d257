package io.adapt4j.jinja;

import java.util.List;

/** The text of a template with only line feeds and without a final one, as Jinja reads it. */
record Source(String name, String text) {

  static Source of(String name, String text) {
    String unix = text.replace("\r\n", "\n").replace('\r', '\n');
    return new Source(name, unix.endsWith("\n") ? unix.substring(0, unix.length() - 1) : unix);
  }

  /** Returns the text of a line, counted from 1. */
  String line(int number) {
    List<String> lines = List.of(text.split("\n", -1));
    return lines.get(Math.min(number, lines.size()) - 1);
  }
}

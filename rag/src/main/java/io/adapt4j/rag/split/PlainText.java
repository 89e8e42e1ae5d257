package io.adapt4j.rag.split;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Finds breaks between paragraphs, at blank lines and page breaks. */
final class PlainText {

  private static final Pattern BETWEEN = Pattern.compile("\\r?\\n[ \\t]*\\r?\\n\\s*|\\f");

  private PlainText() {}

  static Breaks breaks(String text) {
    Breaks breaks = new Breaks();
    Matcher between = BETWEEN.matcher(text);
    int start = 0;
    while (between.find()) {
      Sentences.add(text, start, between.start(), breaks);
      breaks.add(between.end(), Strength.BLOCK);
      start = between.end();
    }
    Sentences.add(text, start, text.length(), breaks);
    return breaks;
  }
}

package io.adapt4j.core.monitor;

/** Makes any text harmless in a page. */
final class Html {

  private Html() {}

  /** Escapes a text for use between tags and in quoted attributes. */
  static String escape(String text) {
    StringBuilder out = new StringBuilder(text.length());
    text.codePoints().forEach(one -> append(out, one));
    return out.toString();
  }

  private static void append(StringBuilder out, int codePoint) {
    switch (codePoint) {
      case '&' -> out.append("&amp;");
      case '<' -> out.append("&lt;");
      case '>' -> out.append("&gt;");
      case '"' -> out.append("&quot;");
      case '\'' -> out.append("&#39;");
      default -> {
        boolean shown = codePoint >= ' ' || codePoint == '\n' || codePoint == '\t';
        out.appendCodePoint(shown ? codePoint : 0xFFFD);
      }
    }
  }
}

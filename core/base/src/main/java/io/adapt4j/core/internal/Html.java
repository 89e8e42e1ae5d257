package io.adapt4j.core.internal;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/** Building blocks of self-contained HTML pages, with escaping of arbitrary text. */
public final class Html {

  /** Light and dark colors, tiles, tables that scroll and charts, for wide and narrow screens. */
  private static final String STYLE = resource(Html.class, "report.css");

  private Html() {}

  /**
   * Escapes a text for use between tags and in quoted attributes. Control characters and unpaired
   * surrogates become U+FFFD.
   */
  public static String escape(String text) {
    StringBuilder out = new StringBuilder(text.length());
    text.codePoints().forEach(point -> append(out, point));
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
        boolean control = codePoint < ' ' && codePoint != '\n' && codePoint != '\t';
        boolean unpaired = Character.getType(codePoint) == Character.SURROGATE;
        out.appendCodePoint(control || unpaired ? 0xFFFD : codePoint);
      }
    }
  }

  /** Returns the head of a page whose content security policy forbids loading anything. */
  public static String head(String title, String policy, String more) {
    return ("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n<meta"
            + " name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta"
            + " http-equiv=\"Content-Security-Policy\" content=\"default-src 'none';"
            + " style-src 'unsafe-inline'; %simg-src data:\">\n<link rel=\"icon\""
            + " href=\"data:,\"><title>%s</title>\n<style>\n%s</style>\n%s</head>\n")
        .formatted(policy, escape(title), STYLE, more);
  }

  /** Formats markup with arguments, of which texts are escaped. */
  public static String format(String pattern, Object... arguments) {
    Object[] escaped = arguments.clone();
    for (int i = 0; i < escaped.length; i++) {
      escaped[i] = escaped[i] instanceof String text ? escape(text) : escaped[i];
    }
    return String.format(Locale.ROOT, pattern, escaped);
  }

  /** Reads a text that belongs to a class, such as a style sheet. */
  public static String resource(Class<?> owner, String name) {
    try (InputStream in = owner.getResourceAsStream(name)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

package io.adapt4j.core.internal;

/**
 * Placeholder for a message's content, used to find where the turn around it ends in a rendered
 * template.
 */
public final class MessageMarker {

  /** Unlikely to occur in a conversation, and not trimmed, split or escaped by templates. */
  public static final String TEXT = "ADAPT4JMARKEDCONTENT";

  private MessageMarker() {}

  /** Returns how many of the characters after a message's content belong to its turn. */
  public static int turnEnd(String rest, String alone) {
    if (rest.startsWith(alone)) {
      return alone.length();
    }
    int common = 0;
    while (common < Math.min(rest.length(), alone.length())
        && rest.charAt(common) == alone.charAt(common)) {
      common++;
    }
    return withoutOpenSign(rest, common);
  }

  /** Excludes the beginning of a marker such as {@code <|user|>}, which other markers share. */
  private static int withoutOpenSign(String text, int end) {
    int open = Math.max(text.lastIndexOf('<', end - 1), text.lastIndexOf('[', end - 1));
    if (open < 0) {
      return end;
    }
    char close = text.charAt(open) == '<' ? '>' : ']';
    int closed = text.indexOf(close, open);
    return closed < 0 || closed >= end ? open : end;
  }
}

package io.adapt4j.core.internal;

/** A text that stands for a message's content, and where the turn around it ends. */
public final class MessageMarker {

  /** Unlikely to be in a conversation, and nothing that a template trims, splits or escapes. */
  public static final String TEXT = "ADAPT4JMARKEDCONTENT";

  private MessageMarker() {}

  /** Returns how much of what follows a message's content belongs to its turn. */
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

  /** Leaves out the beginning of a sign such as {@code <|user|>} that others begin like, too. */
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

package io.adapt4j.core.augment;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Strips what models put around an answer: reasoning, phrases, code fences, quotation marks. */
final class AnswerText {

  private static final Pattern THOUGHT = Pattern.compile("(?s)^\\s*<think>.*?(</think>|$)");
  private static final Pattern FENCE = Pattern.compile("(?s)^```\\w*\\n(.*?)\\n?```$");
  private static final Pattern LEAD_IN =
      Pattern.compile(
          "(?i)^(?:(?:sure|certainly|of course|okay|here)\\b[^\\n]{0,120}:\\s*\\n"
              + "|(?:rewritten|rephrased|paraphrased|revised)?\\s*(?:text|version|answer"
              + "|paraphrase|sentence)\\s*:\\s*)");
  private static final Pattern NOTE = Pattern.compile("(?is)\\n\\s*\\n\\(?note:.*$");
  private static final Pattern RULE = Pattern.compile("^(?:-{3,}\\s*\\n)|(?:\\n\\s*-{3,})$");
  private static final String QUOTES = "\"\"“”„“«»";

  private AnswerText() {}

  /** Returns an answer without its reasoning. */
  static String withoutThoughts(String answer) {
    return THOUGHT.matcher(answer).replaceFirst("").strip();
  }

  /** Returns the paraphrase in an answer, with the surrounding whitespace of the original. */
  static String paraphrase(String answer, String original) {
    String text = withoutThoughts(answer);
    String inner = original.strip();
    text = LEAD_IN.matcher(text).find() && !LEAD_IN.matcher(inner).find() ? cutLeadIn(text) : text;
    text = NOTE.matcher(text).replaceFirst("").strip();
    Matcher fence = FENCE.matcher(text);
    if (fence.matches() && !inner.startsWith("```")) {
      text = fence.group(1).strip();
    }
    text = RULE.matcher(text).replaceAll("").strip();
    text = unquoted(text, inner);
    return text.isEmpty() ? "" : spaced(text, original);
  }

  /** Returns a text with the surrounding whitespace of the original. */
  static String spaced(String text, String original) {
    String end = original.substring(original.stripTrailing().length());
    int begin = original.length() - original.stripLeading().length();
    return original.substring(0, begin) + text.strip() + end;
  }

  private static String cutLeadIn(String text) {
    String rest = LEAD_IN.matcher(text).replaceFirst("").strip();
    return rest.isEmpty() ? text : rest;
  }

  private static String unquoted(String text, String original) {
    for (int i = 0; i < QUOTES.length(); i += 2) {
      String open = QUOTES.substring(i, i + 1);
      String close = QUOTES.substring(i + 1, i + 2);
      if (text.length() > 2
          && text.startsWith(open)
          && text.endsWith(close)
          && !original.startsWith(open)) {
        String inner = text.substring(1, text.length() - 1);
        return inner.contains(open) || inner.contains(close) ? text : inner.strip();
      }
    }
    return text;
  }
}

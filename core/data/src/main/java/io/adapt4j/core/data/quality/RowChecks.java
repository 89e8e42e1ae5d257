package io.adapt4j.core.data.quality;

import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.data.Example;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/** Checks of single rows; each returns a description of the problem, if any. */
final class RowChecks {

  private static final int SHORTEST_CUT_ANSWER = 20;

  static final Map<Check, Function<Example, String>> ALL = new EnumMap<>(Check.class);

  static {
    ALL.put(Check.EMPTY_ANSWER, RowChecks::emptyAnswer);
    ALL.put(Check.TRUNCATED_ANSWER, RowChecks::truncatedAnswer);
    ALL.put(Check.ROLE_ORDER, RowChecks::roleOrder);
    ALL.put(Check.SECRET, example -> sensitive(example, Set.of(Sensitive.SECRET)));
    ALL.put(
        Check.PERSONAL_DATA,
        example -> sensitive(example, Set.of(Sensitive.EMAIL, Sensitive.CARD, Sensitive.PHONE)));
    ALL.put(Check.ENCODING_DAMAGE, RowChecks::encodingDamage);
  }

  private RowChecks() {}

  private static String emptyAnswer(Example example) {
    for (ExampleTexts.Part part : ExampleTexts.answers(example)) {
      if (part.text().isBlank()) {
        return "the " + part.field() + " is blank";
      }
    }
    return "";
  }

  private static String truncatedAnswer(Example example) {
    for (ExampleTexts.Part part : ExampleTexts.answers(example)) {
      String text = part.text().strip();
      if (count(text, "```") % 2 == 1) {
        return "the " + part.field() + " leaves a code block open";
      }
      if (text.endsWith("...") || text.endsWith("\u2026")) {
        return "the " + part.field() + " ends with dots";
      }
      if (isProse(text) && endsWithinSentence(text)) {
        return "the " + part.field() + " ends with '" + tail(text) + "', not a sentence's end";
      }
    }
    return "";
  }

  /** Returns whether a text consists of sentences, unlike many lists and short answers. */
  private static boolean isProse(String text) {
    int lastLine = text.lastIndexOf('\n') + 1;
    String paragraph = text.substring(lastLine);
    boolean sentences = paragraph.contains(". ") || paragraph.contains("? ");
    return sentences && text.split("\\s+", SHORTEST_CUT_ANSWER + 1).length > SHORTEST_CUT_ANSWER;
  }

  private static boolean endsWithinSentence(String text) {
    int last = text.codePointBefore(text.length());
    return Character.isLetterOrDigit(last) || last == ',' || last == '-';
  }

  private static String tail(String text) {
    return text.substring(Math.max(0, text.length() - 20));
  }

  private static int count(String text, String part) {
    int count = 0;
    for (int at = text.indexOf(part); at >= 0; at = text.indexOf(part, at + part.length())) {
      count++;
    }
    return count;
  }

  private static String roleOrder(Example example) {
    if (example instanceof Example.Chat chat) {
      return RoleOrder.problem(chat.messages());
    }
    if (example instanceof Example.ChatPreference preference) {
      return roleOrder(preference.prompt(), preference.chosen());
    }
    if (example instanceof Example.ChatUnpairedPreference one) {
      return roleOrder(one.prompt(), one.completion());
    }
    return "";
  }

  private static String roleOrder(List<ChatMessage> prompt, List<ChatMessage> answer) {
    List<ChatMessage> whole = new ArrayList<>(prompt);
    whole.addAll(answer);
    return RoleOrder.problem(whole);
  }

  private static String sensitive(Example example, Set<Sensitive> kinds) {
    for (ExampleTexts.Part part : ExampleTexts.of(example)) {
      for (Sensitive kind : Sensitive.values()) {
        int at = kinds.contains(kind) ? kind.indexIn(part.text()) : -1;
        if (at >= 0) {
          return kind.title() + " at character " + at + " of the " + part.field();
        }
      }
    }
    return "";
  }

  private static String encodingDamage(Example example) {
    for (ExampleTexts.Part part : ExampleTexts.of(example)) {
      String damage = EncodingDamage.find(part.text());
      if (!damage.isEmpty()) {
        return damage + " of the " + part.field();
      }
    }
    return "";
  }
}

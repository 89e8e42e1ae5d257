package io.adapt4j.core.augment;

import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.data.Example;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;

/** Access to the paraphrasable texts of an example. */
final class TextParts {

  private static final String USER = "user";

  private TextParts() {}

  /** Returns the non-blank texts, in order. */
  static List<String> of(Example example, Set<Part> parts) {
    List<String> texts = new ArrayList<>();
    map(
        example,
        parts,
        text -> {
          texts.add(text);
          return text;
        });
    return texts;
  }

  /** Returns the example with the texts of {@link #of} replaced, in the same order. */
  static Example with(Example example, Set<Part> parts, List<String> texts) {
    Iterator<String> next = texts.iterator();
    return map(example, parts, text -> next.next());
  }

  private static Example map(Example example, Set<Part> parts, UnaryOperator<String> change) {
    if (example instanceof Example.Text text) {
      return new Example.Text(apply(text.text(), Part.TEXT, parts, change));
    }
    if (example instanceof Example.Classified classified) {
      return new Example.Classified(
          apply(classified.text(), Part.TEXT, parts, change), classified.labels());
    }
    if (example instanceof Example.PromptCompletion pair) {
      String prompt = apply(pair.prompt(), Part.PROMPT, parts, change);
      return new Example.PromptCompletion(
          prompt, apply(pair.completion(), Part.COMPLETION, parts, change));
    }
    if (example instanceof Example.Preference preference) {
      return new Example.Preference(
          apply(preference.prompt(), Part.PROMPT, parts, change),
          preference.chosen(),
          preference.rejected());
    }
    if (example instanceof Example.QueryPassage pair) {
      String query = apply(pair.query(), Part.PROMPT, parts, change);
      return new Example.QueryPassage(query, pair.passage(), pair.negatives());
    }
    if (example instanceof Example.Recording) {
      return example;
    }
    if (example instanceof Example.Chat chat) {
      return new Example.Chat(map(chat.messages(), parts, change), chat.tools());
    }
    if (example instanceof Example.ChatPrompt prompt) {
      return new Example.ChatPrompt(map(prompt.messages(), parts, change), prompt.tools());
    }
    if (example instanceof Example.UnpairedPreference one) {
      return new Example.UnpairedPreference(
          apply(one.prompt(), Part.PROMPT, parts, change), one.completion(), one.desirable());
    }
    if (example instanceof Example.ChatUnpairedPreference one) {
      return new Example.ChatUnpairedPreference(
          map(one.prompt(), parts, change), one.completion(), one.desirable());
    }
    Example.ChatPreference preference = (Example.ChatPreference) example;
    return new Example.ChatPreference(
        map(preference.prompt(), parts, change), preference.chosen(), preference.rejected());
  }

  private static List<ChatMessage> map(
      List<ChatMessage> messages, Set<Part> parts, UnaryOperator<String> change) {
    return messages.stream()
        .map(
            message ->
                message.role().equals(USER) && message.content() instanceof String text
                    ? message.with("content", apply(text, Part.PROMPT, parts, change))
                    : message)
        .toList();
  }

  private static String apply(
      String text, Part part, Set<Part> parts, UnaryOperator<String> change) {
    return parts.contains(part) && !text.isBlank() ? change.apply(text) : text;
  }
}

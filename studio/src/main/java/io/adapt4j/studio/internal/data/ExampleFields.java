package io.adapt4j.studio.internal.data;

import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.data.Example;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The texts of a row as training has it, by their names, to show. */
public final class ExampleFields {

  /** A text with its name. */
  public record Field(String name, String text) {}

  private final List<Field> fields = new ArrayList<>();

  private ExampleFields() {}

  /** Returns the texts of a row. */
  public static List<Field> of(Example example) {
    ExampleFields all = new ExampleFields();
    all.addAll(example);
    return all.fields;
  }

  private void add(String name, String text) {
    fields.add(new Field(name, text));
  }

  private void add(String prefix, List<ChatMessage> messages) {
    messages.forEach(
        message -> {
          Map<String, Object> rest = new LinkedHashMap<>(message.fields());
          rest.remove("role");
          Object content = rest.remove("content");
          add(
              prefix + message.role(),
              (content == null ? "" : content.toString()) + (rest.isEmpty() ? "" : " " + rest));
        });
  }

  private void addAll(Example example) {
    if (example instanceof Example.Text text) {
      add("text", text.text());
    } else if (example instanceof Example.PromptCompletion pair) {
      add("prompt", pair.prompt());
      add("completion", pair.completion());
    } else if (example instanceof Example.Chat chat) {
      add("", chat.messages());
    } else if (example instanceof Example.ChatPrompt prompt) {
      add("", prompt.messages());
    } else if (example instanceof Example.Classified classified) {
      add("text", classified.text());
      classified.pair().ifPresent(second -> add("text_pair", second));
      add("label", String.join(", ", classified.labels()));
    } else if (example instanceof Example.QueryPassage pair) {
      add("query", pair.query());
      add("passage", pair.passage());
      pair.negatives().forEach(negative -> add("negative", negative));
    } else if (example instanceof Example.Preference preference) {
      add("prompt", preference.prompt());
      add("chosen", preference.chosen());
      add("rejected", preference.rejected());
    } else if (example instanceof Example.ChatPreference preference) {
      add("", preference.prompt());
      add("chosen: ", preference.chosen());
      add("rejected: ", preference.rejected());
    } else if (example instanceof Example.Tagged tagged) {
      add("tokens", String.join(" ", tagged.tokens()));
      add("tags", String.join(" ", tagged.tags()));
    } else if (example instanceof Example.Recording recording) {
      add("audio", recording.audio());
      add("text", recording.text());
    } else {
      add("row", example.toString());
    }
  }

  /** Returns the number of characters of a row. */
  static int letters(Example example) {
    return of(example).stream().mapToInt(field -> field.text().length()).sum();
  }
}

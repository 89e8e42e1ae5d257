package io.adapt4j.core.data.quality;

import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.data.Example;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;

/** Access to the texts of all kinds of examples. */
final class ExampleTexts {

  private static final Set<String> ANSWERS =
      Set.of("completion", "chosen", "assistant", "chosen assistant", "rejected assistant");

  private ExampleTexts() {}

  record Part(String field, String text) {}

  static List<Part> of(Example example) {
    if (example instanceof Example.Text text) {
      return List.of(new Part("text", text.text()));
    }
    if (example instanceof Example.PromptCompletion pair) {
      return List.of(new Part("prompt", pair.prompt()), new Part("completion", pair.completion()));
    }
    if (example instanceof Example.Classified classified) {
      Part text = new Part("text", classified.text());
      return classified
          .pair()
          .map(pair -> List.of(text, new Part("pair", pair)))
          .orElse(List.of(text));
    }
    if (example instanceof Example.Tagged tagged) {
      return List.of(new Part("tokens", String.join(" ", tagged.tokens())));
    }
    if (example instanceof Example.Preference preference) {
      return List.of(
          new Part("prompt", preference.prompt()),
          new Part("chosen", preference.chosen()),
          new Part("rejected", preference.rejected()));
    }
    if (example instanceof Example.UnpairedPreference one) {
      return List.of(new Part("prompt", one.prompt()), new Part("completion", one.completion()));
    }
    if (example instanceof Example.Recording recording) {
      return List.of(new Part("audio", recording.audio()), new Part("text", recording.text()));
    }
    List<Part> parts = new ArrayList<>();
    if (example instanceof Example.QueryPassage pair) {
      parts.add(new Part("query", pair.query()));
      parts.add(new Part("passage", pair.passage()));
      pair.negatives().forEach(negative -> parts.add(new Part("negative", negative)));
      return parts;
    }
    if (example instanceof Example.Chat chat) {
      add(parts, "", chat.messages());
    } else if (example instanceof Example.ChatPrompt prompt) {
      add(parts, "prompt ", prompt.messages());
    } else if (example instanceof Example.ChatPreference preference) {
      add(parts, "prompt ", preference.prompt());
      add(parts, "chosen ", preference.chosen());
      add(parts, "rejected ", preference.rejected());
    } else if (example instanceof Example.ChatUnpairedPreference one) {
      add(parts, "prompt ", one.prompt());
      add(parts, "", one.completion());
    }
    return parts;
  }

  private static void add(List<Part> parts, String prefix, List<ChatMessage> messages) {
    for (ChatMessage message : messages) {
      if (message.content() instanceof String text) {
        boolean calls = message.fields().get("tool_calls") != null;
        String field = prefix + message.role() + (calls ? " call" : "");
        parts.add(new Part(field, text));
      } else if (message.content() instanceof List<?> pieces) {
        for (Object piece : pieces) {
          if (piece instanceof Map<?, ?> map && map.get("text") instanceof String text) {
            parts.add(new Part(prefix + message.role() + " part", text));
          }
        }
      }
    }
  }

  /** Returns the answers to train on; a plain text has none. */
  static List<Part> answers(Example example) {
    return of(example).stream().filter(part -> ANSWERS.contains(part.field())).toList();
  }

  /** Returns all texts joined, for comparison. */
  static String joined(Example example) {
    List<Part> parts = of(example);
    return parts.size() == 1
        ? parts.get(0).text()
        : String.join("\n", parts.stream().map(Part::text).toList());
  }

  /** Returns the example with changed texts; a text that would become empty is unchanged. */
  static Example map(Example example, UnaryOperator<String> change) {
    UnaryOperator<String> safe =
        text -> {
          String changed = change.apply(text);
          return changed.isEmpty() ? text : changed;
        };
    if (example instanceof Example.Text text) {
      return new Example.Text(safe.apply(text.text()));
    }
    if (example instanceof Example.PromptCompletion pair) {
      return new Example.PromptCompletion(safe.apply(pair.prompt()), safe.apply(pair.completion()));
    }
    if (example instanceof Example.Classified classified) {
      return new Example.Classified(
          safe.apply(classified.text()), classified.pair().map(safe), classified.labels());
    }
    if (example instanceof Example.Tagged tagged) {
      return new Example.Tagged(tagged.tokens().stream().map(safe).toList(), tagged.tags());
    }
    if (example instanceof Example.Preference preference) {
      return new Example.Preference(
          safe.apply(preference.prompt()),
          safe.apply(preference.chosen()),
          safe.apply(preference.rejected()));
    }
    if (example instanceof Example.QueryPassage pair) {
      return new Example.QueryPassage(
          safe.apply(pair.query()),
          safe.apply(pair.passage()),
          pair.negatives().stream().map(safe).toList());
    }
    if (example instanceof Example.Recording recording) {
      return new Example.Recording(recording.audio(), safe.apply(recording.text()));
    }
    if (example instanceof Example.Chat chat) {
      return new Example.Chat(map(chat.messages(), safe), chat.tools());
    }
    if (example instanceof Example.ChatPrompt prompt) {
      return new Example.ChatPrompt(map(prompt.messages(), safe), prompt.tools());
    }
    if (example instanceof Example.UnpairedPreference one) {
      return new Example.UnpairedPreference(
          safe.apply(one.prompt()), safe.apply(one.completion()), one.desirable());
    }
    if (example instanceof Example.ChatUnpairedPreference one) {
      return new Example.ChatUnpairedPreference(
          map(one.prompt(), safe), map(one.completion(), safe), one.desirable());
    }
    Example.ChatPreference preference = (Example.ChatPreference) example;
    return new Example.ChatPreference(
        map(preference.prompt(), safe),
        map(preference.chosen(), safe),
        map(preference.rejected(), safe));
  }

  private static List<ChatMessage> map(List<ChatMessage> messages, UnaryOperator<String> change) {
    return messages.stream()
        .map(
            message -> {
              if (message.content() instanceof String text) {
                return message.with("content", change.apply(text));
              }
              return message.content() instanceof List<?> pieces
                  ? message.with("content", pieces.stream().map(p -> map(p, change)).toList())
                  : message;
            })
        .toList();
  }

  private static Object map(Object piece, UnaryOperator<String> change) {
    if (piece instanceof Map<?, ?> map && map.get("text") instanceof String text) {
      Map<Object, Object> changed = new LinkedHashMap<>(map);
      changed.put("text", change.apply(text));
      return changed;
    }
    return piece;
  }
}

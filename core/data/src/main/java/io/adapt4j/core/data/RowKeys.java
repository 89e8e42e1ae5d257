package io.adapt4j.core.data;

import io.adapt4j.core.chat.ChatMessage;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** Groups rows by a key; keys are numbered in the order of first occurrence. */
final class RowKeys {

  private final int[] keys;
  private final Map<String, Integer> numbers = new HashMap<>();

  /** Key function of rows. */
  @FunctionalInterface
  interface KeyOf {
    String key(Dataset dataset, int row);

    static KeyOf label() {
      return (dataset, row) -> {
        if (dataset.get(row) instanceof Example.Classified example) {
          List<String> labels = example.labels();
          return labels.size() == 1 ? labels.get(0) : labels.stream().sorted().toList().toString();
        }
        throw new DatasetException(
            dataset.locate(row)
                + ": expected a text with a label, found a "
                + dataset.get(row).getClass().getSimpleName()
                + ". Give a function that tells the class of a row.");
      };
    }

    static KeyOf prompt() {
      return (dataset, row) -> {
        Example example = dataset.get(row);
        if (example instanceof Example.PromptCompletion pair) {
          return pair.prompt();
        }
        if (example instanceof Example.Preference preference) {
          return preference.prompt();
        }
        if (example instanceof Example.UnpairedPreference one) {
          return one.prompt();
        }
        if (example instanceof Example.ChatPreference preference) {
          return preference.prompt().toString();
        }
        if (example instanceof Example.ChatUnpairedPreference one) {
          return one.prompt().toString();
        }
        if (example instanceof Example.Chat chat) {
          return opening(chat.messages());
        }
        if (example instanceof Example.ChatPrompt chat) {
          return opening(chat.messages());
        }
        throw new DatasetException(
            dataset.locate(row)
                + ": expected an example with a prompt, found a "
                + example.getClass().getSimpleName()
                + ". Give a function that tells the key of a row.");
      };
    }

    private static String opening(List<ChatMessage> messages) {
      return messages.stream()
          .takeWhile(message -> !Example.Chat.isOfAssistant(message))
          .toList()
          .toString();
    }

    static KeyOf of(Function<? super Example, String> function) {
      return (dataset, row) -> function.apply(dataset.get(row));
    }

    static KeyOf field(String name) {
      return (dataset, row) -> RowKeys.source(dataset, row, name).text(name);
    }
  }

  static Row source(Dataset dataset, int row, String field) {
    Row source =
        dataset
            .source(row)
            .orElseThrow(
                () ->
                    new DatasetException(
                        dataset.name()
                            + ": its rows have no fields, so none is '"
                            + field
                            + "'. Give a function of the example."));
    if (!source.has(field)) {
      throw new DatasetException(
          "%s: expected field '%s', found %s. Fill it in every row, or name another."
              .formatted(dataset.locate(row), field, source.fields()));
    }
    return source;
  }

  private RowKeys(int rows) {
    this.keys = new int[rows];
  }

  static RowKeys of(Dataset dataset, KeyOf keyOf) {
    RowKeys all = new RowKeys(dataset.size());
    for (int row = 0; row < dataset.size(); row++) {
      String key = keyOf.key(dataset, row);
      if (key == null) {
        throw new DatasetException(
            dataset.locate(row) + ": expected a key, found null. Give every row a key.");
      }
      int next = all.numbers.size();
      Integer known = all.numbers.putIfAbsent(key, next);
      all.keys[row] = known == null ? next : known;
    }
    return all;
  }

  int count() {
    return numbers.size();
  }

  /** Returns the rows of each key, in dataset order. */
  int[][] rows() {
    int[] sizes = new int[count()];
    for (int key : keys) {
      sizes[key]++;
    }
    int[][] rows = new int[count()][];
    for (int key = 0; key < rows.length; key++) {
      rows[key] = new int[sizes[key]];
    }
    int[] filled = new int[count()];
    for (int row = 0; row < keys.length; row++) {
      rows[keys[row]][filled[keys[row]]++] = row;
    }
    return rows;
  }
}

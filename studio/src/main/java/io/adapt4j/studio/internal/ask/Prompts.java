package io.adapt4j.studio.internal.ask;

import io.adapt4j.core.data.Dataset;
import io.adapt4j.studio.internal.data.ExampleFields;
import io.adapt4j.studio.internal.data.ExampleFields.Field;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;

/** Prompts of rows, to ask models. */
public final class Prompts {

  /** Fields that hold what a model is asked, the best first. */
  private static final List<String> FIELDS = List.of("prompt", "user", "query", "text");

  /** Words of a text that a model continues. */
  private static final int WORDS = 8;

  private Prompts() {}

  /** Returns different prompts of rows at random, always the same ones. */
  public static List<String> of(Dataset rows, int most) {
    Set<String> prompts = new LinkedHashSet<>();
    int[] order = new Random(0).ints(0, rows.size()).distinct().limit(rows.size()).toArray();
    for (int i = 0; i < order.length && prompts.size() < most; i++) {
      prompt(ExampleFields.of(rows.get(order[i]))).ifPresent(prompts::add);
    }
    return new ArrayList<>(prompts);
  }

  private static Optional<String> prompt(List<Field> fields) {
    for (String name : FIELDS) {
      for (Field field : fields) {
        if (field.name().equals(name) && !field.text().isBlank()) {
          return Optional.of(name.equals("text") ? start(field.text()) : field.text());
        }
      }
    }
    return Optional.empty();
  }

  private static String start(String text) {
    String[] words = text.strip().split("\\s+", WORDS + 1);
    return String.join(" ", List.of(words).subList(0, Math.min(WORDS, words.length)));
  }
}

package io.adapt4j.core.internal.load;

import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.ModelConfig;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/** The names of a model's classes. */
public final class ClassNames {

  private static final int DEFAULT = 2;

  private ClassNames() {}

  /** As many as the configuration says. */
  public static List<String> of(ModelConfig config) {
    int classes =
        config
            .fields()
            .child("id2label")
            .map(names -> names.json().size())
            .orElse(config.fields().positiveInt("num_labels", DEFAULT));
    return of(config, classes);
  }

  /** The names in {@code id2label}, else those that Transformers makes up. */
  public static List<String> of(ModelConfig config, int classes) {
    Optional<ConfigReader> names = config.fields().child("id2label");
    if (names.isEmpty()) {
      return IntStream.range(0, classes).mapToObj(i -> "LABEL_" + i).toList();
    }
    return IntStream.range(0, classes)
        .mapToObj(i -> names.get().requireText(String.valueOf(i)))
        .toList();
  }
}

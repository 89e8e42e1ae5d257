package io.adapt4j.core.internal.load;

import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.ModelConfig;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/** Class names of a classifier. */
public final class ClassNames {

  private static final int DEFAULT = 2;

  private ClassNames() {}

  /** Returns as many names as the configuration has classes. */
  public static List<String> of(ModelConfig config) {
    int classes =
        config
            .fields()
            .child("id2label")
            .map(names -> names.json().size())
            .orElse(config.fields().positiveInt("num_labels", DEFAULT));
    return of(config, classes);
  }

  /** Returns the names in {@code id2label}, or the default names of Transformers. */
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

package io.adapt4j.benchmarks;

import io.adapt4j.core.internal.tensor.Torch;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;

/**
 * Command-line options of the form {@code --name value}, and switches of the form {@code --name}.
 */
final class Arguments {

  private final Map<String, String> values;
  private final Set<String> switches;

  private Arguments(Map<String, String> values, Set<String> switches) {
    this.values = values;
    this.switches = switches;
  }

  /** Reads a command line. */
  static Arguments parse(String[] line, Map<String, String> defaults, Set<String> switches) {
    Map<String, String> values = new LinkedHashMap<>(defaults);
    Set<String> on = new LinkedHashSet<>();
    for (int i = 0; i < line.length; i++) {
      if (switches.contains(line[i])) {
        on.add(line[i]);
      } else if (defaults.containsKey(line[i]) && i + 1 < line.length) {
        values.put(line[i], line[++i]);
      } else {
        throw new IllegalArgumentException(
            "Unknown or incomplete option '%s'; options and their defaults: %s; switches: %s"
                .formatted(line[i], defaults, switches));
      }
    }
    return new Arguments(values, on);
  }

  boolean has(String name) {
    return switches.contains(name);
  }

  String text(String name) {
    return values.get(name);
  }

  int number(String name, int least) {
    String text = values.get(name);
    if (!text.matches("\\d{1,9}") || Integer.parseInt(text) < least) {
      throw new IllegalArgumentException(
          name + ": expected a whole number of at least " + least + ", found '" + text + "'");
    }
    return Integer.parseInt(text);
  }

  String oneOf(String name, Set<String> choices) {
    String text = values.get(name);
    if (!choices.contains(text)) {
      throw new IllegalArgumentException(
          name + ": expected one of " + choices + ", found '" + text + "'");
    }
    return text;
  }

  boolean isBf16() {
    return oneOf("--precision", Set.of("bf16", "fp32")).equals("bf16");
  }

  /** Sets the engine's number of threads by the options. */
  void useThreads() {
    int threads = number("--threads", 0);
    if (threads > 0) {
      Torch.threads(threads);
    }
  }
}

package io.adapt4j.benchmarks.harness;

import io.adapt4j.core.internal.tensor.Torch;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Command-line options of the form {@code --name value}, and switches of the form {@code --name}.
 */
public final class Arguments {

  private final Map<String, String> values = new LinkedHashMap<>();
  private final Set<String> switches = new LinkedHashSet<>();

  /**
   * Reads a command line.
   *
   * @param options the options with their defaults, as they would be written; empty for an option
   *     that is followed by another one
   */
  public static Arguments parse(String[] line, String options, String... switches) {
    Arguments arguments = new Arguments();
    String name = "";
    for (String word : options.split(" ", -1)) {
      if (word.startsWith("--")) {
        arguments.values.put(word, "");
        name = word;
      } else if (!word.isEmpty()) {
        arguments.values.put(name, word);
      }
    }
    for (int i = 0; i < line.length; i++) {
      if (List.of(switches).contains(line[i])) {
        arguments.switches.add(line[i]);
      } else if (arguments.values.containsKey(line[i]) && i + 1 < line.length) {
        arguments.values.put(line[i], line[++i]);
      } else {
        throw new IllegalArgumentException(
            "Unknown or incomplete option '%s'; options and their defaults: %s; switches: %s"
                .formatted(line[i], options, List.of(switches)));
      }
    }
    return arguments;
  }

  /** Returns the command line of another process: these options, with a change of some. */
  public Object[] with(Object... namesAndValues) {
    Map<String, String> changed = new LinkedHashMap<>(values);
    for (int i = 0; i < namesAndValues.length; i += 2) {
      changed.put(String.valueOf(namesAndValues[i]), String.valueOf(namesAndValues[i + 1]));
    }
    List<Object> line = new ArrayList<>(switches);
    changed.forEach((name, value) -> line.addAll(List.of(name, value)));
    return line.toArray();
  }

  public boolean has(String name) {
    return switches.contains(name);
  }

  public String text(String name) {
    return values.get(name);
  }

  public int number(String name, int least) {
    String text = values.get(name);
    if (!text.matches("\\d{1,9}") || Integer.parseInt(text) < least) {
      throw new IllegalArgumentException(
          name + ": expected a whole number of at least " + least + ", found '" + text + "'");
    }
    return Integer.parseInt(text);
  }

  public String oneOf(String name, Set<String> choices) {
    String text = values.get(name);
    if (!choices.contains(text)) {
      throw new IllegalArgumentException(
          name + ": expected one of " + choices + ", found '" + text + "'");
    }
    return text;
  }

  public boolean isBf16() {
    return oneOf("--precision", Set.of("bf16", "fp32")).equals("bf16");
  }

  /** Returns what a label says of the number of threads; nothing if all processors compute. */
  public String threadsText() {
    int threads = number("--threads", 0);
    boolean all = threads == 0 || threads == Runtime.getRuntime().availableProcessors();
    return all ? "" : threads == 1 ? ", 1 thread" : ", " + threads + " threads";
  }

  /** Sets the engine's number of threads by the options. */
  public Arguments useThreads() {
    int threads = number("--threads", 0);
    if (threads > 0) {
      Torch.threads(threads);
    }
    return this;
  }
}

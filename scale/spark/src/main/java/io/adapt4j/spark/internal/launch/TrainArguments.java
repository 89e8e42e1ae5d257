package io.adapt4j.spark.internal.launch;

import io.adapt4j.core.finetune.RunDescription;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Command-line arguments of the Spark program. */
public final class TrainArguments {

  /** Environment variable that marks a process started the way Spark needs it. */
  static final String STARTED = "ADAPT4J_SPARK_PROCESS";

  private static final String USAGE =
      """
      Expected RUN.YAML and options:
        --master URL         such as local[2], local-cluster[2,1,1024], spark://host:7077; else
                             what spark-submit says
        --workers N          default: as many tasks as can run at once
        --set KEY=VALUE      a key of the description
        --conf KEY=VALUE     a setting of Spark
        --resume             go on with the run in the output folder
        --overwrite          replace it
        --patience SECONDS   how long nothing may come from another worker
        --compress           send gradients in bf16; gives up equality with one process
        --encrypt            encrypt what workers send each other
        --plan GBIT          only say what executors need, with a network of so many Gbit/s
      """;

  private final Map<String, String> keys = new LinkedHashMap<>();
  private final Map<String, String> settings = new LinkedHashMap<>();
  private final Map<String, String> options = new LinkedHashMap<>();
  private Path file = Path.of("");

  private TrainArguments() {}

  public static TrainArguments read(List<String> arguments) {
    TrainArguments read = new TrainArguments();
    Iterator<String> words = arguments.iterator();
    boolean named = false;
    while (words.hasNext()) {
      String word = words.next();
      switch (word) {
        case "--resume", "--overwrite", "--compress", "--encrypt" -> read.options.put(word, "");
        case "--master", "--workers", "--patience", "--plan" ->
            read.options.put(word, value(word, words));
        case "--set" -> pair(word, words, read.keys);
        case "--conf" -> pair(word, words, read.settings);
        default -> {
          if (named || word.startsWith("-")) {
            throw new IllegalArgumentException("Unknown argument " + word + ". " + USAGE);
          }
          read.file = Path.of(word);
          named = true;
        }
      }
    }
    if (!named || !Files.isRegularFile(read.file)) {
      throw new IllegalArgumentException(
          (named ? "There is no file " + read.file.toAbsolutePath() + ". " : "") + USAGE);
    }
    return read;
  }

  private static String value(String option, Iterator<String> words) {
    if (!words.hasNext()) {
      throw new IllegalArgumentException(option + " needs a value. " + USAGE);
    }
    return words.next();
  }

  private static void pair(String option, Iterator<String> words, Map<String, String> pairs) {
    String pair = value(option, words);
    int equals = pair.indexOf('=');
    if (equals < 1) {
      throw new IllegalArgumentException(option + " needs KEY=VALUE, found " + pair);
    }
    pairs.put(pair.substring(0, equals), pair.substring(equals + 1));
  }

  /** {@return whether a separate process has to be started because Spark is not installed} */
  public boolean needsProcess() {
    return System.getenv(STARTED) == null
        && System.getenv("SPARK_HOME") == null
        && master().filter(url -> url.startsWith("local")).isPresent();
  }

  /** {@return the description's file} */
  public Path file() {
    return file;
  }

  /** {@return the description with the keys overridden on the command line} */
  public RunDescription description() {
    RunDescription description = RunDescription.read(file);
    for (Map.Entry<String, String> key : keys.entrySet()) {
      description = description.with(key.getKey(), key.getValue());
    }
    if (options.containsKey("--resume")) {
      description = description.with("resume", "true").with("overwriteOutput", "false");
    }
    if (options.containsKey("--overwrite") || planned().isPresent()) {
      description = description.with("overwriteOutput", "true").with("resume", "false");
    }
    return description;
  }

  /** {@return settings of Spark} */
  public Map<String, String> settings() {
    return Map.copyOf(settings);
  }

  /** {@return the cluster's master; empty if spark-submit sets it} */
  public Optional<String> master() {
    return Optional.ofNullable(options.get("--master"));
  }

  /** {@return the number of workers, if given} */
  public Optional<Integer> workers() {
    return Optional.ofNullable(options.get("--workers")).map(Integer::valueOf);
  }

  /** {@return the patience in seconds, if given} */
  public Optional<Long> patience() {
    return Optional.ofNullable(options.get("--patience")).map(Long::valueOf);
  }

  /** {@return the bandwidth to plan with in Gbit/s; empty to train} */
  public Optional<Double> planned() {
    return Optional.ofNullable(options.get("--plan")).map(Double::valueOf);
  }

  /** {@return whether gradients are sent in bf16} */
  public boolean isCompressed() {
    return options.containsKey("--compress");
  }

  /** {@return whether connections are encrypted} */
  public boolean isEncrypted() {
    return options.containsKey("--encrypt");
  }
}

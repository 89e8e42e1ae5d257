package io.adapt4j.cli;

import io.adapt4j.core.generate.GenerationOptions;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Stream;
import picocli.CommandLine.Option;

/** Token selection: greedy unless an option enables sampling, with a default temperature of 1. */
final class SamplingArguments {

  @Option(
      names = "--max-new-tokens",
      paramLabel = "N",
      description =
          "Most tokens to generate; default 256. Of generate with a model that writes one text for"
              + " another: as its settings say.")
  private Integer maxNewTokens;

  @Option(
      names = "--temperature",
      paramLabel = "T",
      description =
          "Sample: 1 as the model predicts, less is safer, more is more varied. 0 takes the"
              + " likeliest token each time, the default unless another option samples.")
  private Double temperature;

  @Option(names = "--top-k", paramLabel = "K", description = "Sample among the K likeliest tokens.")
  private Integer topK;

  @Option(
      names = "--top-p",
      paramLabel = "P",
      description = "Sample among the likeliest tokens that have this probability together.")
  private Double topP;

  @Option(
      names = "--min-p",
      paramLabel = "P",
      description = "Sample among tokens at least P times as likely as the likeliest.")
  private Double minP;

  @Option(
      names = "--repetition-penalty",
      paramLabel = "X",
      defaultValue = "1",
      description =
          "Make tokens that are there already less likely; 1.1 to 1.3 are usual, default"
              + " ${DEFAULT-VALUE} is none.")
  private double repetitionPenalty;

  @Option(
      names = "--stop",
      paramLabel = "TEXT",
      description = "End before this text; \\n stands for a line end. May be given more than once.")
  private final List<String> stops = new ArrayList<>();

  @Option(
      names = "--seed",
      paramLabel = "N",
      description = "Sample the same text again; default another each time, which is told.")
  private Long seed;

  SamplingArguments() {}

  private boolean asksForSampling() {
    return Stream.of(topK, topP, minP, seed).anyMatch(value -> value != null);
  }

  /** Returns whether the seed was drawn at random. */
  boolean drewSeed() {
    return seed == null && isSampled();
  }

  private boolean isSampled() {
    return temperature == null ? asksForSampling() : temperature != 0;
  }

  /** Returns the library's options. */
  GenerationOptions options() {
    if (temperature != null && temperature == 0 && asksForSampling()) {
      String other =
          topK != null ? "--top-k" : topP != null ? "--top-p" : minP != null ? "--min-p" : "--seed";
      throw new IllegalArgumentException(
          other
              + ": has no effect with --temperature 0, which always takes the likeliest token."
              + " Leave out one of them.");
    }
    GenerationOptions.Builder options = GenerationOptions.builder();
    if (maxNewTokens != null) {
      set("--max-new-tokens", () -> options.maxNewTokens(maxNewTokens));
    }
    set("--temperature", () -> options.temperature(temperature()));
    set("--top-k", () -> options.topK(topK == null ? 0 : topK));
    set("--top-p", () -> options.topP(topP == null ? 1 : topP));
    set("--min-p", () -> options.minP(minP == null ? 0 : minP));
    set("--repetition-penalty", () -> options.repetitionPenalty(repetitionPenalty));
    set(
        "--stop",
        () -> options.stopStrings(stops.stream().map(stop -> stop.replace("\\n", "\n")).toList()));
    if (isSampled()) {
      // Short enough to retype.
      options.seed(seed != null ? seed : ThreadLocalRandom.current().nextInt(1, 1_000_000_000));
    }
    return options.build();
  }

  /** Returns the limit on new tokens; empty if none is given. */
  OptionalInt limit() {
    return maxNewTokens == null ? OptionalInt.empty() : OptionalInt.of(maxNewTokens);
  }

  /** Returns whether there are stop texts. */
  boolean stops() {
    return !stops.isEmpty();
  }

  /** Rejects the sampling options. */
  void requireNone() {
    Map<String, Boolean> given = new LinkedHashMap<>();
    given.put("--temperature", temperature != null && temperature != 0);
    given.put("--top-k", topK != null);
    given.put("--top-p", topP != null);
    given.put("--min-p", minP != null);
    given.put("--repetition-penalty", repetitionPenalty != 1);
    given.put("--seed", seed != null);
    Sequences.refuse(given);
  }

  private double temperature() {
    if (temperature != null) {
      return temperature;
    }
    return isSampled() ? GenerationOptions.DEFAULT_TEMPERATURE : 0;
  }

  /** Calls a setter, translating its error to name the option. */
  static void set(String option, Runnable setter) {
    try {
      setter.run();
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          option + e.getMessage().replaceFirst("^\\w+", "") + ". Correct the option.", e);
    }
  }
}

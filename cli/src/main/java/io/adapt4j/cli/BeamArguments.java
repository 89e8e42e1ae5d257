package io.adapt4j.cli;

import io.adapt4j.core.generate.SequenceOptions;
import java.util.OptionalInt;
import java.util.stream.Stream;
import picocli.CommandLine.Option;

/** Generation options of encoder-decoder models. */
final class BeamArguments {

  @Option(
      names = "--beams",
      paramLabel = "N",
      description =
          "Of a model that writes one text for another, such as T5: search with N texts in view;"
              + " 1 takes the likeliest token each time. Default: as the model's settings say.")
  private Integer beams;

  @Option(
      names = "--length-penalty",
      paramLabel = "X",
      description = "With beams: above 0 prefers long texts, below 0 short ones.")
  private Double lengthPenalty;

  @Option(
      names = "--no-repeat-ngram",
      paramLabel = "N",
      description = "With --beams or without: no row of N tokens twice; 0 allows all.")
  private Integer noRepeatNgram;

  BeamArguments() {}

  /** Rejects the options for a model of another kind. */
  void requireNone() {
    if (Stream.of(beams, lengthPenalty, noRepeatNgram).anyMatch(value -> value != null)) {
      String option =
          beams != null
              ? "--beams"
              : lengthPenalty != null ? "--length-penalty" : "--no-repeat-ngram";
      throw new IllegalArgumentException(
          option
              + ": expected with a model that writes one text for another, such as T5; this one"
              + " continues texts. Leave the option out.");
    }
  }

  /** Returns the library's options. */
  SequenceOptions options(OptionalInt limit) {
    SequenceOptions.Builder options = SequenceOptions.builder();
    limit.ifPresent(
        tokens -> SamplingArguments.set("--max-new-tokens", () -> options.maxNewTokens(tokens)));
    if (beams != null) {
      SamplingArguments.set("--beams", () -> options.numBeams(beams));
    }
    if (lengthPenalty != null) {
      SamplingArguments.set("--length-penalty", () -> options.lengthPenalty(lengthPenalty));
    }
    if (noRepeatNgram != null) {
      SamplingArguments.set("--no-repeat-ngram", () -> options.noRepeatNgramSize(noRepeatNgram));
    }
    return options.build();
  }
}

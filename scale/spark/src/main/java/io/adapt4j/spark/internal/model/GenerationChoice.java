package io.adapt4j.spark.internal.model;

import io.adapt4j.core.generate.GenerationOptions;
import java.io.Serializable;
import java.util.List;

/** Serializable generation options, to be sent to an executor. */
public record GenerationChoice(
    int maxNewTokens,
    double temperature,
    int topK,
    double topP,
    double minP,
    double repetitionPenalty,
    long seed,
    List<String> stopStrings)
    implements Serializable {

  public static GenerationChoice of(GenerationOptions options) {
    GenerationChoice choice =
        new GenerationChoice(
            options.maxNewTokens(),
            options.temperature(),
            options.topK(),
            options.topP(),
            options.minP(),
            options.repetitionPenalty(),
            options.seed(),
            List.copyOf(options.stopStrings()));
    if (!choice.options().equals(options)) {
      throw new IllegalArgumentException(
          "options: expected none but those that executors know, %s, found %s"
              .formatted(choice.options(), options));
    }
    return choice;
  }

  public GenerationOptions options() {
    return GenerationOptions.greedy().toBuilder()
        .maxNewTokens(maxNewTokens)
        .temperature(temperature)
        .topK(topK)
        .topP(topP)
        .minP(minP)
        .repetitionPenalty(repetitionPenalty)
        .seed(seed)
        .stopStrings(stopStrings)
        .build();
  }
}

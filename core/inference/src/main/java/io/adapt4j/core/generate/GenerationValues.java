package io.adapt4j.core.generate;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/** The values of {@link GenerationOptions}, mutable only while they are collected. */
final class GenerationValues {

  int maxNewTokens = GenerationOptions.DEFAULT_MAX_NEW_TOKENS;
  double temperature = GenerationOptions.DEFAULT_TEMPERATURE;
  int topK;
  double topP = 1;
  double minP;
  double repetitionPenalty = 1;
  double frequencyPenalty;
  double presencePenalty;
  Map<Integer, Double> logitBias = Map.of();
  OptionalInt logprobs = OptionalInt.empty();
  long seed = GenerationOptions.DEFAULT_SEED;
  List<String> stopStrings = List.of();
  Set<Integer> stopIds = Set.of();
  boolean ignoreEos;
  boolean ignoreContextLength;
  int promptLookupTokens;
  boolean skipSpecialTokens = true;
  Optional<OutputConstraint> constraint = Optional.empty();
  Scheduling scheduling = Scheduling.defaults();

  GenerationValues copy() {
    GenerationValues copy = new GenerationValues();
    copy.maxNewTokens = maxNewTokens;
    copy.temperature = temperature;
    copy.topK = topK;
    copy.topP = topP;
    copy.minP = minP;
    copy.repetitionPenalty = repetitionPenalty;
    copy.frequencyPenalty = frequencyPenalty;
    copy.presencePenalty = presencePenalty;
    copy.logitBias = logitBias;
    copy.logprobs = logprobs;
    copy.seed = seed;
    copy.stopStrings = stopStrings;
    copy.stopIds = stopIds;
    copy.ignoreEos = ignoreEos;
    copy.ignoreContextLength = ignoreContextLength;
    copy.promptLookupTokens = promptLookupTokens;
    copy.skipSpecialTokens = skipSpecialTokens;
    copy.constraint = constraint;
    copy.scheduling = scheduling;
    return copy;
  }

  /** The values by name. */
  Map<String, Object> all() {
    Map<String, Object> all = new LinkedHashMap<>();
    all.put("maxNewTokens", maxNewTokens);
    all.put("temperature", temperature);
    all.put("topK", topK);
    all.put("topP", topP);
    all.put("minP", minP);
    all.put("repetitionPenalty", repetitionPenalty);
    all.put("frequencyPenalty", frequencyPenalty);
    all.put("presencePenalty", presencePenalty);
    all.put("logitBias", logitBias);
    all.put("logprobs", logprobs);
    all.put("seed", seed);
    all.put("stopStrings", stopStrings);
    all.put("stopIds", stopIds);
    all.put("ignoreEos", ignoreEos);
    all.put("ignoreContextLength", ignoreContextLength);
    all.put("promptLookupTokens", promptLookupTokens);
    if (!skipSpecialTokens) {
      all.put("skipSpecialTokens", false);
    }
    constraint.ifPresent(value -> all.put("constraint", value));
    if (!scheduling.equals(Scheduling.defaults())) {
      all.put("scheduling", scheduling);
    }
    return all;
  }
}

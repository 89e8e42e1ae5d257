package io.adapt4j.lora;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Map.Entry;
import java.util.regex.Pattern;

/**
 * What {@code adapter_config.json} says of a LoRA adapter.
 *
 * @param rank r
 * @param alpha numerator of the scale
 * @param dropout probability on the adapter's input
 * @param targets which projections are adapted
 * @param bias which biases train
 * @param modulesToSave modules that train in full
 * @param rankStabilised whether the scale is alpha / sqrt(r) instead of alpha / r
 * @param rankPattern other ranks, by regular expression over the end of a path
 * @param alphaPattern other alphas, likewise
 * @param source the file's own fields, kept when it is written again; empty where there was none
 */
record AdapterConfig(
    int rank,
    double alpha,
    double dropout,
    Targets targets,
    LoraBias bias,
    List<String> modulesToSave,
    boolean rankStabilised,
    Map<String, Integer> rankPattern,
    Map<String, Double> alphaPattern,
    ObjectNode source) {

  AdapterConfig {
    modulesToSave = List.copyOf(modulesToSave);
    rankPattern = Collections.unmodifiableMap(new LinkedHashMap<>(rankPattern));
    alphaPattern = Collections.unmodifiableMap(new LinkedHashMap<>(alphaPattern));
    source = source.deepCopy();
  }

  static AdapterConfig ofRank(int rank) {
    return new AdapterConfig(
        rank,
        2.0 * rank,
        0,
        Targets.ALL_LINEAR,
        LoraBias.NONE,
        List.of(),
        false,
        Map.of(),
        Map.of(),
        JsonNodeFactory.instance.objectNode());
  }

  AdapterConfig withAlpha(double changed) {
    return new AdapterConfig(
        rank,
        changed,
        dropout,
        targets,
        bias,
        modulesToSave,
        rankStabilised,
        rankPattern,
        alphaPattern,
        source);
  }

  AdapterConfig withDropout(double changed) {
    return new AdapterConfig(
        rank,
        alpha,
        changed,
        targets,
        bias,
        modulesToSave,
        rankStabilised,
        rankPattern,
        alphaPattern,
        source);
  }

  AdapterConfig withTargets(Targets changed) {
    return new AdapterConfig(
        rank,
        alpha,
        dropout,
        changed,
        bias,
        modulesToSave,
        rankStabilised,
        rankPattern,
        alphaPattern,
        source);
  }

  AdapterConfig withBias(LoraBias changed) {
    return new AdapterConfig(
        rank,
        alpha,
        dropout,
        targets,
        changed,
        modulesToSave,
        rankStabilised,
        rankPattern,
        alphaPattern,
        source);
  }

  AdapterConfig withModulesToSave(List<String> changed) {
    return new AdapterConfig(
        rank,
        alpha,
        dropout,
        targets,
        bias,
        changed,
        rankStabilised,
        rankPattern,
        alphaPattern,
        source);
  }

  AdapterConfig withRankStabilised(boolean changed) {
    return new AdapterConfig(
        rank,
        alpha,
        dropout,
        targets,
        bias,
        modulesToSave,
        changed,
        rankPattern,
        alphaPattern,
        source);
  }

  /** The rank of one module. */
  int rankOf(String path) {
    return pick(rankPattern, path, rank);
  }

  /** What multiplies B A for one module. */
  double scaleOf(String path) {
    int own = rankOf(path);
    return pick(alphaPattern, path, alpha) / (rankStabilised ? Math.sqrt(own) : own);
  }

  /** As in PEFT, the first key wins that matches the path from its start or from after a dot. */
  private static <V> V pick(Map<String, V> pattern, String path, V otherwise) {
    for (Entry<String, V> entry : pattern.entrySet()) {
      if (Pattern.matches("(?:.*\\.)?(?:" + entry.getKey() + ")", path)) {
        return entry.getValue();
      }
    }
    return otherwise;
  }
}

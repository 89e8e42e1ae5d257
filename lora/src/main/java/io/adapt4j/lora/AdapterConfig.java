package io.adapt4j.lora;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.checkpoint.LayerStack;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.lora.internal.adapter.SavedModules;
import io.adapt4j.lora.internal.layer.AdaptedPart;
import io.adapt4j.lora.internal.layer.LoftQ;
import io.adapt4j.lora.internal.peft.ExpertParameters;
import io.adapt4j.lora.internal.peft.Expressions;
import io.adapt4j.lora.internal.peft.LayerRanges;
import io.adapt4j.lora.internal.peft.LoraBias;
import io.adapt4j.lora.internal.peft.PeftNames;
import io.adapt4j.lora.internal.peft.PeftTargets;
import io.adapt4j.lora.internal.peft.Selection;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Map.Entry;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/** Content of {@code adapter_config.json} for a LoRA adapter. */
record AdapterConfig(
    int rank,
    double alpha,
    double dropout,
    Selection modules,
    LoraBias bias,
    List<String> modulesToSave,
    boolean rankStabilized,
    boolean dora,
    boolean biasOfB,
    LoraInit initial,
    Map<String, Integer> rankPattern,
    Map<String, Double> alphaPattern,
    LoftQ loftq,
    boolean tiesEmbeddings,
    Map<String, List<Integer>> tokens,
    ObjectNode source,
    Set<String> storedNames) {

  AdapterConfig {
    modulesToSave = List.copyOf(modulesToSave);
    rankPattern = Collections.unmodifiableMap(new LinkedHashMap<>(rankPattern));
    alphaPattern = Collections.unmodifiableMap(new LinkedHashMap<>(alphaPattern));
    tokens = Collections.unmodifiableMap(new LinkedHashMap<>(tokens));
    source = source.deepCopy();
    storedNames = Set.copyOf(storedNames);
  }

  /** Mutable copy of the values. */
  static final class Draft {
    int rank;
    double alpha;
    double dropout;
    Selection modules = Selection.of(PeftTargets.ALL_LINEAR);
    LoraBias bias = LoraBias.NONE;
    List<String> modulesToSave = List.of();
    boolean rankStabilized;
    boolean dora;
    boolean biasOfB;
    LoraInit initial = LoraInit.KAIMING;
    Map<String, Integer> rankPattern = new LinkedHashMap<>();
    Map<String, Double> alphaPattern = new LinkedHashMap<>();
    LoftQ loftq = LoftQ.NONE;
    boolean tiesEmbeddings;
    Map<String, List<Integer>> tokens = Map.of();
    ObjectNode source = JsonNodeFactory.instance.objectNode();
    Set<String> storedNames = Set.of();

    AdapterConfig build() {
      return new AdapterConfig(
          rank,
          alpha,
          dropout,
          modules,
          bias,
          modulesToSave,
          rankStabilized,
          dora,
          biasOfB,
          initial,
          rankPattern,
          alphaPattern,
          loftq,
          tiesEmbeddings,
          tokens,
          source,
          storedNames);
    }
  }

  static AdapterConfig ofRank(int rank) {
    Draft draft = new Draft();
    draft.rank = rank;
    draft.alpha = 2.0 * rank;
    return draft.build();
  }

  AdapterConfig with(Consumer<Draft> change) {
    Draft draft = new Draft();
    draft.rank = rank;
    draft.alpha = alpha;
    draft.dropout = dropout;
    draft.modules = modules;
    draft.bias = bias;
    draft.modulesToSave = modulesToSave;
    draft.rankStabilized = rankStabilized;
    draft.dora = dora;
    draft.biasOfB = biasOfB;
    draft.initial = initial;
    draft.rankPattern.putAll(rankPattern);
    draft.alphaPattern.putAll(alphaPattern);
    draft.loftq = loftq;
    draft.tiesEmbeddings = tiesEmbeddings;
    draft.tokens = tokens;
    draft.source = source;
    draft.storedNames = storedNames;
    change.accept(draft);
    return draft.build();
  }

  /** Returns the order of the model's layers, if it is a new one. */
  Optional<LayerStack> layerStack() {
    return LayerRanges.find(source);
  }

  /** Returns the configuration for a new order of the model's layers. */
  AdapterConfig stackedBy(LayerStack stack) {
    return with(
        draft -> {
          draft.source = draft.source.deepCopy();
          draft.source.set(LayerRanges.FIELD, LayerRanges.json(stack));
        });
  }

  /** Returns the modules of a network that train in full. */
  SavedModules saved(Network network) {
    return SavedModules.of(modulesToSave, storedNames, tiesEmbeddings, network);
  }

  /** Returns the modules that the file has LoRA matrices for, with their wrappers. */
  Set<String> storedModules() {
    return storedNames.stream()
        .flatMap(name -> PeftNames.moduleOfA(name).stream())
        .collect(Collectors.toSet());
  }

  /** Returns the tokens whose vectors train, by module path. */
  Map<String, List<Integer>> tokensOf(Set<String> paths, boolean tied) {
    Map<String, List<Integer>> found = new LinkedHashMap<>();
    String embedding = paths.stream().findFirst().orElse("");
    tokens.forEach(
        (name, ids) ->
            paths.stream()
                .filter(
                    path -> name.isEmpty() ? path.equals(embedding) : PeftNames.names(path, name))
                .findFirst()
                .ifPresent(path -> found.put(tied ? embedding : path, ids)));
    return found;
  }

  int rankOf(String path) {
    return pick(rankPattern, key(path), rank);
  }

  /** Returns the scale of B A for a module. */
  double scaleOf(String path) {
    int own = rankOf(path);
    return pick(alphaPattern, key(path), alpha) / (rankStabilized ? Math.sqrt(own) : own);
  }

  /**
   * Returns the configuration with other ranks, by module: projections of rank 0 are not adapted.
   *
   * @param ranks the new ranks of some of the adapted projections
   * @param keepsScales whether alpha changes with the rank
   */
  AdapterConfig redistributed(
      List<AdaptedPart> adapted, Map<AdaptedPart, Integer> ranks, boolean keepsScales) {
    Map<String, Integer> rankPatterns = new LinkedHashMap<>();
    Map<String, Double> alphaPatterns = new LinkedHashMap<>();
    List<String> kept = new ArrayList<>();
    for (AdaptedPart part : adapted) {
      String path = part.part().path();
      int found = ranks.getOrDefault(part, part.rank());
      if (found == 0) {
        continue;
      }
      kept.add(path);
      double own = pick(alphaPattern, key(path), alpha);
      double changed = keepsScales ? own * found / part.rank() : own;
      String pattern = key(path);
      if (found != rank) {
        rankPatterns.put(pattern, found);
      }
      if (changed != alpha) {
        alphaPatterns.put(pattern, changed);
      }
    }
    return with(
        draft -> {
          draft.rankPattern = rankPatterns;
          draft.alphaPattern = alphaPatterns;
          if (kept.size() < adapted.size()) {
            draft.modules = draft.modules.withTargets(PeftTargets.names(kept));
          }
        });
  }

  /**
   * Returns the configuration for storing: unchanged, or, if the initial values were taken from the
   * base weights, a plain adapter of double rank and the same scale with the negated initial values
   * in its second half (PEFT calls this the conversion to LoRA).
   */
  AdapterConfig stored() {
    if (!initial.leavesResidual()) {
      return this;
    }
    double factor = rankStabilized ? Math.sqrt(2) : 2;
    return with(
        draft -> {
          draft.rank *= 2;
          draft.alpha *= factor;
          draft.rankPattern.replaceAll((key, value) -> 2 * value);
          draft.alphaPattern.replaceAll((key, value) -> factor * value);
          draft.initial = LoraInit.KAIMING;
          draft.source = draft.source.deepCopy();
          draft.source.remove("init_lora_weights");
        });
  }

  /**
   * Returns the name that PEFT matches patterns against: a module's path, or the name of a weight.
   */
  private String key(String path) {
    return modules.isWeight(path) ? path + ".weight" : ExpertParameters.parameter(path);
  }

  /**
   * Returns the value of the first key that matches the path from its start or after a dot, as in
   * PEFT.
   */
  private static <V> V pick(Map<String, V> pattern, String path, V otherwise) {
    for (Entry<String, V> entry : pattern.entrySet()) {
      if (Expressions.matches("(?:.*\\.)?(?:" + entry.getKey() + ")", path)) {
        return entry.getValue();
      }
    }
    return otherwise;
  }
}

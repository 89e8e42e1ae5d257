package io.adapt4j.lora;

import io.adapt4j.lora.internal.layer.AdaptedPart;
import io.adapt4j.lora.internal.peft.ExpertNames;
import io.adapt4j.lora.internal.peft.ExpertParameters;
import io.adapt4j.lora.internal.peft.Expressions;
import io.adapt4j.lora.internal.peft.LoraBias;
import io.adapt4j.lora.internal.peft.PeftNames;
import io.adapt4j.lora.internal.peft.Selection;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The targets of an adapter on a mixture whose experts are modules in the checkpoint, named so that
 * PEFT computes the same with Transformers 4, where they are modules, and with Transformers 5,
 * where they are one tensor.
 *
 * <p>With Transformers 5, PEFT treats every target named {@code gate_proj} as the experts' and
 * drops it elsewhere: on shared experts and dense layers. It doubles alpha where gate and up are
 * fused, which is correct only without rank stabilization; for some families it does neither. It
 * leaves weights named as parameters alone.
 */
record ExpertTargets(
    List<String> modules,
    List<String> parameters,
    Map<String, Integer> ranks,
    Map<String, Double> alphas) {

  /** Families whose targets PEFT translates, and in which only experts have these names. */
  private static final Set<String> TRANSLATED = Set.of("mixtral", "qwen3_moe", "olmoe");

  /** Families with experts whose targets PEFT leaves alone. */
  private static final Set<String> UNTOUCHED =
      Set.of(
          "",
          "gemma4",
          "gemma4_text",
          "gpt_oss",
          "granitemoe",
          "granitemoeshared",
          "granitemoehybrid",
          "nomic_bert");

  /** Returns whether the configuration has to name weights, not modules. */
  static boolean areNeeded(AdapterConfig config, AdapterPlan plan) {
    List<AdaptedPart> experts = experts(plan);
    if (!isPlain(config)) {
      return false;
    }
    if (!plan.mixture().routers().isEmpty() || !others(plan).isEmpty()) {
      return true;
    }
    return !experts.isEmpty()
        && (!TRANSLATED.contains(plan.mixture().modelType())
            || config.rankStabilized()
            || experts.stream()
                .anyMatch(
                    part ->
                        part.rank() != config.rank()
                            || part.scale() != config.alpha() / config.rank()));
  }

  /** Returns whether PEFT supports this kind of adapter on stacked experts. */
  static boolean isPlain(AdapterConfig config) {
    return !config.dora() && !config.biasOfB() && config.bias() != LoraBias.LORA_ONLY;
  }

  /** Returns whether only one of the experts' gate and up projections is adapted. */
  static boolean hasHalf(AdapterPlan plan) {
    List<String> leaves =
        experts(plan).stream().map(part -> ExpertNames.leaf(part.part().path())).toList();
    if (leaves.isEmpty()) {
      return false;
    }
    List<String> names = ExpertNames.siblings(experts(plan).get(0).part().path());
    return leaves.contains(names.get(0)) != leaves.contains(names.get(1));
  }

  /** Returns the adapted projections of single experts. */
  static List<AdaptedPart> experts(AdapterPlan plan) {
    return plan.adapted().stream()
        .filter(part -> ExpertNames.isModule(part.part().path()))
        .toList();
  }

  /** Returns adapted projections outside the experts that share names with experts' projections. */
  private static List<AdaptedPart> others(AdapterPlan plan) {
    Set<String> names = names(plan);
    return plan.adapted().stream()
        .filter(part -> !ExpertNames.isModule(part.part().path()))
        .filter(part -> names.contains(ExpertNames.leaf(part.part().path())))
        .filter(part -> !ExpertParameters.isStacked(part.part().path()))
        .toList();
  }

  /** Returns the names that PEFT treats as experts' projections. */
  private static Set<String> names(AdapterPlan plan) {
    return UNTOUCHED.contains(plan.mixture().modelType())
        ? Set.of()
        : ExpertNames.names(plan.mixture().modelType());
  }

  /** Returns whether PEFT would treat projections as parameters, which support plain LoRA only. */
  static boolean becomeParameters(AdapterPlan plan) {
    return !experts(plan).isEmpty() || !others(plan).isEmpty();
  }

  static ExpertTargets of(AdapterConfig config, AdapterPlan plan) {
    List<AdaptedPart> experts = experts(plan);
    List<AdaptedPart> weights = Stream.of(experts, others(plan)).flatMap(List::stream).toList();
    Set<String> named = new LinkedHashSet<>();
    weights.forEach(part -> named.add(part.part().path()));
    named.addAll(plan.mixture().routers());
    Set<String> parameters = new LinkedHashSet<>(parameters(config.modules(), plan));
    for (AdaptedPart part : weights) {
      String leaf = ExpertNames.leaf(part.part().path());
      boolean partly = plan.mixture().partly().contains(leaf);
      parameters.add((partly ? part.part().path() : leaf) + ".weight");
    }
    for (String router : plan.mixture().routers()) {
      parameters.add(inLayer(router) + ".weight");
    }
    Map<String, Integer> ranks = weightKeys(config.rankPattern(), named);
    Map<String, Double> alphas = weightKeys(config.alphaPattern(), named);
    addStacks(experts, config, parameters, ranks, alphas);
    return new ExpertTargets(
        modules(config.modules(), plan, named), List.copyOf(parameters), ranks, alphas);
  }

  /** Returns the adapted weights that are not modules: as they were named, else by path. */
  static List<String> parameters(Selection selection, AdapterPlan plan) {
    List<String> adapted = ExpertParameters.parameters(plan.paths());
    List<String> known =
        selection.parameters().stream()
            .filter(name -> !ExpertParameters.isOfOldName(name) || adapted.isEmpty())
            .toList();
    List<String> named =
        adapted.stream().filter(name -> !ExpertParameters.matches(known, name)).toList();
    boolean everywhere = selection.layers().isEmpty() && selection.excluded().isEmpty();
    return Stream.concat(
            known.stream(),
            named.stream().map(name -> everywhere ? inLayer(name) : name).distinct())
        .toList();
  }

  /** Returns the path below a layer's number, which is the same in all layers. */
  static String inLayer(String path) {
    return path.replaceFirst(".*?\\.\\d+\\.", "");
  }

  private static void addStacks(
      List<AdaptedPart> experts,
      AdapterConfig config,
      Set<String> parameters,
      Map<String, Integer> ranks,
      Map<String, Double> alphas) {
    Map<String, AdaptedPart> first = new LinkedHashMap<>();
    experts.forEach(part -> first.putIfAbsent(ExpertNames.leaf(part.part().path()), part));
    if (first.isEmpty()) {
      return;
    }
    String path = experts.get(0).part().path();
    String owner = inLayer(ExpertNames.owner(path));
    List<String> names = ExpertNames.siblings(path);
    AdaptedPart down = first.get(names.get(2));
    if (down != null) {
      parameters.add(owner + "." + ExpertNames.DOWN);
      boolean usual = down.rank() == config.rank() && down.scale() == config.scaleOf(owner);
      if (!usual) {
        put(owner, ExpertNames.DOWN, down.rank(), down.scale(), config, ranks, alphas);
      }
    }
    AdaptedPart gate = first.get(names.get(0));
    AdaptedPart up = first.get(names.get(1));
    if (gate != null && up != null) {
      parameters.add(owner + "." + ExpertNames.GATE_UP);
      int rank = gate.rank() + up.rank();
      put(owner, ExpertNames.GATE_UP, rank, gate.scale(), config, ranks, alphas);
    }
  }

  private static void put(
      String owner,
      String name,
      int rank,
      double scale,
      AdapterConfig config,
      Map<String, Integer> ranks,
      Map<String, Double> alphas) {
    String key = owner.replace(".", "\\.") + "\\." + name;
    ranks.put(key, rank);
    alphas.put(key, scale * (config.rankStabilized() ? Math.sqrt(rank) : rank));
  }

  /**
   * Returns the patterns, extended to weight names for projections that are named by their weights.
   */
  private static <V> Map<String, V> weightKeys(Map<String, V> patterns, Set<String> named) {
    Map<String, V> all = new LinkedHashMap<>(patterns);
    patterns.forEach(
        (key, value) -> {
          String expression = "(?:.*\\.)?(?:" + key + ")";
          if (named.stream().anyMatch(path -> Expressions.matches(expression, path))) {
            all.putIfAbsent("(?:" + key + ")\\.weight", value);
          }
        });
    return all;
  }

  /** Returns the remaining targets, named as modules. */
  private static List<String> modules(Selection selection, AdapterPlan plan, Set<String> named) {
    List<String> rest =
        plan.paths()
            .filter(path -> !named.contains(path) && !ExpertParameters.isStacked(path))
            .filter(path -> !selection.isWeight(path))
            .toList();
    List<String> modules = new ArrayList<>();
    if (selection.targets().isAllLinear()) {
      rest.stream()
          .map(ExpertNames::leaf)
          .distinct()
          .filter(name -> named.stream().noneMatch(path -> PeftNames.names(path, name)))
          .forEach(modules::add);
    } else {
      selection.targets().names().stream()
          .filter(name -> named.stream().noneMatch(path -> PeftNames.names(path, name)))
          .filter(name -> rest.stream().anyMatch(path -> PeftNames.names(path, name)))
          .forEach(modules::add);
    }
    rest.stream()
        .filter(path -> modules.stream().noneMatch(name -> PeftNames.names(path, name)))
        .forEach(modules::add);
    return modules;
  }
}

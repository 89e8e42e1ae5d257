package io.adapt4j.lora;

import io.adapt4j.lora.internal.layer.AdaptedPart;
import io.adapt4j.lora.internal.peft.LoraBias;
import io.adapt4j.lora.internal.peft.PeftNames;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Expected and stored tensors of an adapter file. */
final class PeftTensors {

  private static final Pattern EXPERT =
      Pattern.compile("(.*)\\[\\d+]\\.(\\w+)\\.(lora_[AB]\\.weight)");

  private PeftTensors() {}

  /** Returns the name of a base tensor that trains with the adapter. */
  static String base(String tensor, AdapterPlan plan) {
    String path = PeftNames.module(tensor);
    if (path.isEmpty()) {
      return PeftNames.base(tensor);
    }
    boolean wrapped =
        plan.biases().contains(tensor)
            && plan.adapted().stream().anyMatch(part -> part.part().path().equals(path));
    return PeftNames.base(path)
        + (wrapped ? ".base_layer." : ".")
        + tensor.substring(path.length() + 1);
  }

  /** Returns the dimensions of an adapter file's tensors, by name. */
  static Map<String, List<Long>> tensors(AdapterPlan plan) {
    Map<String, List<Long>> tensors = new LinkedHashMap<>();
    for (AdaptedPart part : plan.adapted()) {
      String path = part.part().path();
      tensors.put(PeftNames.a(path), List.of((long) part.rank(), part.in()));
      tensors.put(PeftNames.b(path), List.of(part.part().width(), (long) part.rank()));
      if (part.biasOfB()) {
        tensors.put(PeftNames.biasOfB(path), List.of(part.part().width()));
      }
      if (part.dora()) {
        tensors.put(PeftNames.magnitude(path), List.of(part.part().width()));
      }
    }
    plan.tables().forEach(table -> tensors.putAll(table.tensors()));
    plan.shapes().forEach((name, shape) -> tensors.put(base(name, plan), shape));
    return tensors;
  }

  /**
   * Returns tensors that may be missing: PEFT trains the biases of {@code lora_only} but, since it
   * wraps layers, does not find them when it saves.
   */
  static Set<String> optional(AdapterPlan plan, LoraBias bias) {
    return bias == LoraBias.LORA_ONLY
        ? plan.biases().stream().map(name -> base(name, plan)).collect(Collectors.toSet())
        : Set.of();
  }

  /** Compares a file's tensors with those of a plan; one entry per difference. */
  static List<String> differences(
      AdapterPlan plan,
      LoraBias bias,
      Map<String, List<Long>> stored,
      Map<String, List<Long>> whole,
      UnaryOperator<String> inFile) {
    Set<String> differences = new LinkedHashSet<>();
    Map<String, List<Long>> unused = new LinkedHashMap<>(stored);
    Set<String> optional = optional(plan, bias);
    Map<String, List<Long>> repeated = repeated(plan);
    tensors(plan)
        .forEach(
            (name, shape) -> {
              String own = PeftNames.find(name, stored.keySet());
              List<Long> found = unused.remove(own);
              if (found == null && !optional.contains(name)) {
                differences.add(missing(name, shape) + " is missing");
              } else if (found != null && !found.equals(shape)) {
                differences.add(
                    inFile.apply(own)
                        + " is "
                        + whole.get(inFile.apply(own))
                        + " where this model needs "
                        + shape
                        + (inFile.apply(own).equals(own) ? "" : " for each expert"));
              }
            });
    unused.forEach(
        (name, shape) -> {
          if (!shape.equals(repeated.get(name))) {
            String own = inFile.apply(name);
            differences.add(own + " " + whole.get(own) + " has no place");
          }
        });
    return List.copyOf(differences);
  }

  /** Describes a missing tensor; for stacked experts, by module and parameter. */
  private static String missing(String name, List<Long> shape) {
    Matcher expert = EXPERT.matcher(name);
    return expert.matches()
        ? expert.group(3) + " for " + expert.group(1) + "." + expert.group(2)
        : name + " " + shape;
  }

  /** Returns tensors that a file may hold in addition to {@link #tensors}. */
  private static Map<String, List<Long>> repeated(AdapterPlan plan) {
    Map<String, List<Long>> repeated = new LinkedHashMap<>();
    plan.tables()
        .forEach(table -> repeated.put(table.baseLayer(), List.of(table.rows(), table.width())));
    plan.copies()
        .forEach((name, other) -> repeated.put(PeftNames.base(name), plan.shapes().get(other)));
    return repeated;
  }
}

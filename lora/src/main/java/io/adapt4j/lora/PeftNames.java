package io.adapt4j.lora;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Tensor names in PEFT's adapter files: the module path below {@code base_model.model}.
 *
 * <p>The bias of an adapted projection belongs to the layer that LoRA wraps, so PEFT calls it
 * {@code PATH.base_layer.bias}; older versions wrote {@code PATH.bias}, which is read too.
 */
final class PeftNames {

  /** How many differences a message shows. */
  private static final int SHOWN = 5;

  private static final String ROOT = "base_model.model.";

  private static final Pattern EXPERT =
      Pattern.compile("(.*)\\[\\d+]\\.(\\w+)\\.(lora_[AB]\\.weight)");

  private PeftNames() {}

  /** The path of the module that a tensor belongs to; empty for one of the model itself. */
  static String module(String tensor) {
    return tensor.substring(0, Math.max(0, tensor.lastIndexOf('.')));
  }

  static String a(String path) {
    return ROOT + path + ".lora_A.weight";
  }

  static String b(String path) {
    return ROOT + path + ".lora_B.weight";
  }

  /** Returns whether a tensor belongs to an update of the embedding or the output head. */
  static boolean isOfTable(String name) {
    return name.contains(".lora_embedding_")
        || name.contains(".token_adapter.")
        || name.endsWith(".base_layer.weight");
  }

  /** The bias of the second factor. */
  static String biasOfB(String path) {
    return ROOT + path + ".lora_B.bias";
  }

  /** The module whose first factor has this name; empty if it is no first factor's. */
  static Optional<String> moduleOfA(String name) {
    String end = ".lora_A.weight";
    return name.startsWith(ROOT) && name.endsWith(end)
        ? Optional.of(name.substring(ROOT.length(), name.length() - end.length()))
        : Optional.empty();
  }

  /** The magnitudes that DoRA trains, one an output. */
  static String magnitude(String path) {
    return ROOT + path + ".lora_magnitude_vector";
  }

  /** The vector of an (IA)3 adapter. */
  static String ia3(String path) {
    return ROOT + path + ".ia3_l";
  }

  /** The name of a base tensor of a module that trains in full. */
  static String base(String tensor) {
    return ROOT + tensor;
  }

  /** The name of a base tensor that trains with the adapter. */
  static String base(String tensor, AdapterPlan plan) {
    String path = module(tensor);
    if (path.isEmpty()) {
      return base(tensor);
    }
    boolean wrapped =
        plan.biases().contains(tensor)
            && plan.adapted().stream().anyMatch(part -> part.part().path().equals(path));
    return ROOT + path + (wrapped ? ".base_layer." : ".") + tensor.substring(path.length() + 1);
  }

  /** The tensors of an adapter file, name to dimensions. */
  static Map<String, List<Long>> tensors(AdapterPlan plan) {
    Map<String, List<Long>> tensors = new LinkedHashMap<>();
    for (AdapterPlan.Adapted part : plan.adapted()) {
      String path = part.part().path();
      tensors.put(a(path), List.of((long) part.rank(), part.in()));
      tensors.put(b(path), List.of(part.part().width(), (long) part.rank()));
      if (part.biasOfB()) {
        tensors.put(biasOfB(path), List.of(part.part().width()));
      }
      if (part.dora()) {
        tensors.put(magnitude(path), List.of(part.part().width()));
      }
    }
    plan.tables().forEach(table -> tensors.putAll(table.tensors()));
    plan.shapes().forEach((name, shape) -> tensors.put(base(name, plan), shape));
    return tensors;
  }

  /** The name under which a file holds a tensor; the given one where it holds neither spelling. */
  static String find(String name, Set<String> stored) {
    String old = name.replace(".base_layer.bias", ".bias");
    return !stored.contains(name) && stored.contains(old) ? old : name;
  }

  /**
   * Tensors that may be missing: PEFT trains the biases of {@code lora_only} but, since it wraps
   * layers, does not find them when it saves.
   */
  static Set<String> optional(AdapterPlan plan, LoraBias bias) {
    return bias == LoraBias.LORA_ONLY
        ? plan.biases().stream().map(name -> base(name, plan)).collect(Collectors.toSet())
        : Set.of();
  }

  /** The first of many differences, a line each, and how many more there are. */
  static String some(List<String> differences) {
    int more = differences.size() - SHOWN;
    List<String> lines =
        new ArrayList<>(differences.subList(0, Math.min(SHOWN, differences.size())));
    if (more > 0) {
      lines.add("and %d more of %d differences".formatted(more, differences.size()));
    }
    return String.join("\n  ", lines);
  }

  /**
   * Compares what a file holds with what a plan needs; one entry a difference.
   *
   * @param stored the file's tensors, those of stacked experts one by one
   * @param whole the file's tensors as they are
   * @param inFile finds the tensor as it is that one of {@code stored} is part of
   */
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
              String own = find(name, stored.keySet());
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

  /** A tensor that a file lacks: of stacked experts, the module and parameter that have none. */
  private static String missing(String name, List<Long> shape) {
    Matcher expert = EXPERT.matcher(name);
    return expert.matches()
        ? expert.group(3) + " for " + expert.group(1) + "." + expert.group(2)
        : name + " " + shape;
  }

  /** Tensors that a file may hold beside those of {@link #tensors}. */
  private static Map<String, List<Long>> repeated(AdapterPlan plan) {
    Map<String, List<Long>> repeated = new LinkedHashMap<>();
    plan.tables()
        .forEach(table -> repeated.put(table.baseLayer(), List.of(table.rows(), table.width())));
    plan.copies().forEach((name, other) -> repeated.put(base(name), plan.shapes().get(other)));
    return repeated;
  }
}

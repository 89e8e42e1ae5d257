package io.adapt4j.lora.internal.peft;

import io.adapt4j.core.internal.checkpoint.ExpertStacks;
import java.util.List;
import java.util.stream.Stream;

/** PEFT names of stacked experts' weights, which are parameters rather than modules. */
public final class ExpertParameters {

  private ExpertParameters() {}

  /**
   * Returns PEFT's name of the parameter that a projection is part of; its path if it is a module.
   */
  public static String parameter(String path) {
    return ExpertStacks.slotOfPath(path).map(ExpertStacks.Slot::stack).orElse(path);
  }

  public static boolean isStacked(String path) {
    return ExpertStacks.slotOfPath(path).isPresent();
  }

  /** Returns whether a name denotes one of Granite's stacks by its name in Transformers 4. */
  public static boolean isOfOldName(String name) {
    return name.matches("(.*\\.)?block_sparse_moe\\.(input|output)_linear\\.weight");
  }

  /** Returns whether a name of {@code target_parameters} denotes a parameter. */
  public static boolean matches(List<String> names, String parameter) {
    return names.stream().anyMatch(name -> PeftNames.names(parameter, name));
  }

  /** Returns the parameters that a plan adapts, one per stack. */
  public static List<String> parameters(Stream<String> paths) {
    return paths
        .filter(ExpertParameters::isStacked)
        .map(ExpertParameters::parameter)
        .distinct()
        .toList();
  }
}

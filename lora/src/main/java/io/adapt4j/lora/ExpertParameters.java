package io.adapt4j.lora;

import io.adapt4j.core.internal.checkpoint.ExpertStacks;
import java.util.List;
import java.util.stream.Stream;

/** What PEFT calls weights of experts that lie in one tensor: parameters, which are no modules. */
final class ExpertParameters {

  private ExpertParameters() {}

  /** What PEFT calls the parameter that a projection is part of; its path where it is a module. */
  static String parameter(String path) {
    return ExpertStacks.slotOfPath(path).map(ExpertStacks.Slot::stack).orElse(path);
  }

  static boolean isStacked(String path) {
    return ExpertStacks.slotOfPath(path).isPresent();
  }

  /** Returns whether a name means one of Granite's stacks, as Transformers 4 calls it. */
  static boolean isOfOldName(String name) {
    return name.matches("(.*\\.)?block_sparse_moe\\.(input|output)_linear\\.weight");
  }

  /** Whether one of the names of {@code target_parameters} means a parameter. */
  static boolean matches(List<String> names, String parameter) {
    return names.stream().anyMatch(name -> Targets.Names.names(parameter, name));
  }

  /** The parameters that a plan adapts, one for each stack. */
  static List<String> parameters(Stream<String> paths) {
    return paths
        .filter(ExpertParameters::isStacked)
        .map(ExpertParameters::parameter)
        .distinct()
        .toList();
  }
}

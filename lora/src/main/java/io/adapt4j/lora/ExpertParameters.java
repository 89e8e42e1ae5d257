package io.adapt4j.lora;

import io.adapt4j.core.internal.checkpoint.ExpertStacks;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What PEFT calls weights of experts that lie in one tensor: parameters, which are no modules. */
final class ExpertParameters {

  private static final Set<String> ROUTERS = Set.of("router", "gate");

  private ExpertParameters() {}

  /** What PEFT calls the parameter that a projection is part of; its path where it is a module. */
  static String parameter(String path) {
    return ExpertStacks.slotOfPath(path).map(ExpertStacks.Slot::stack).orElse(path);
  }

  static boolean isStacked(String path) {
    return ExpertStacks.slotOfPath(path).isPresent();
  }

  /** The modules that hold experts whose weights lie in one tensor. */
  static Set<String> mixtures(Stream<String> paths) {
    return parameters(paths).stream()
        .map(name -> name.substring(0, name.lastIndexOf('.')))
        .filter(owner -> owner.endsWith(".experts"))
        .map(owner -> owner.substring(0, owner.lastIndexOf('.')))
        .collect(Collectors.toSet());
  }

  /** Whether a projection is the router of such experts, which is no linear module either. */
  static boolean isRouter(String path, Set<String> mixtures) {
    int dot = path.lastIndexOf('.');
    return dot > 0
        && ROUTERS.contains(path.substring(dot + 1))
        && mixtures.contains(path.substring(0, dot));
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

package io.adapt4j.qlora;

import java.util.Set;

/** Modules whose weights are not quantized. */
record SkippedModules(Set<String> names) {

  boolean contains(String path) {
    return names.stream().anyMatch(module -> names(module, path));
  }

  static boolean names(String module, String path) {
    return path.equals(module) || path.endsWith("." + module) || path.startsWith(module + ".");
  }
}

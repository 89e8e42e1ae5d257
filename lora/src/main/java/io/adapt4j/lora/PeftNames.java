package io.adapt4j.lora;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

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

  /** The name under which a file holds a tensor; the given one where it holds neither spelling. */
  static String find(String name, Set<String> stored) {
    String old = name.replace(".base_layer.bias", ".bias");
    return !stored.contains(name) && stored.contains(old) ? old : name;
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
}

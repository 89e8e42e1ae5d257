package io.adapt4j.lora.internal.peft;

import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.linear.Linear;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Tensor names in PEFT's adapter files: the module path below {@code base_model.model}.
 *
 * <p>The bias of an adapted projection belongs to the layer that LoRA wraps, so PEFT calls it
 * {@code PATH.base_layer.bias}; older versions wrote {@code PATH.bias}, which is read too.
 */
public final class PeftNames {

  /** Maximum number of differences in a message. */
  private static final int SHOWN = 5;

  private static final String ROOT = "base_model.model.";

  private PeftNames() {}

  /** Returns the path of the module that a tensor belongs to; empty for one of the model itself. */
  public static String module(String tensor) {
    return tensor.substring(0, Math.max(0, tensor.lastIndexOf('.')));
  }

  /** Returns whether a name denotes the module at a path, in any layer. */
  public static boolean names(String path, String name) {
    return path.equals(name) || path.endsWith("." + name);
  }

  public static String a(String path) {
    return ROOT + path + ".lora_A.weight";
  }

  public static String b(String path) {
    return ROOT + path + ".lora_B.weight";
  }

  /** Returns whether a tensor belongs to an update of the embedding or the output head. */
  public static boolean isOfTable(String name) {
    return name.contains(".lora_embedding_")
        || name.contains(".token_adapter.")
        || name.endsWith(".base_layer.weight");
  }

  public static String biasOfB(String path) {
    return ROOT + path + ".lora_B.bias";
  }

  /** Returns the module whose A has this name; empty if it is not an A matrix. */
  public static Optional<String> moduleOfA(String name) {
    String end = ".lora_A.weight";
    return name.startsWith(ROOT) && name.endsWith(end)
        ? Optional.of(name.substring(ROOT.length(), name.length() - end.length()))
        : Optional.empty();
  }

  /** Returns the name of DoRA's magnitude vector. */
  public static String magnitude(String path) {
    return ROOT + path + ".lora_magnitude_vector";
  }

  /** Returns the path of the module that an adapter's tensor changes. */
  public static String adapted(String tensor) {
    return tensor
        .replaceFirst("^" + Pattern.quote(ROOT), "")
        .replaceFirst("\\.lora_\\w+(\\.\\w+)?$", "");
  }

  /** Returns the name of a tensor of another kind of update. */
  public static String update(String path, String end) {
    return ROOT + path + "." + end;
  }

  /** Returns the name of a base tensor of a module that trains in full. */
  public static String base(String tensor) {
    return ROOT + tensor;
  }

  /** Returns a tensor's name in a file; the given one if the file has neither spelling. */
  public static String find(String name, Set<String> stored) {
    String old = name.replace(".base_layer.bias", ".bias");
    return !stored.contains(name) && stored.contains(old) ? old : name;
  }

  /** Returns the first differences, one per line, and the number of the remaining ones. */
  public static String some(List<String> differences) {
    int more = differences.size() - SHOWN;
    List<String> lines =
        new ArrayList<>(differences.subList(0, Math.min(SHOWN, differences.size())));
    if (more > 0) {
      lines.add("and %d more of %d differences".formatted(more, differences.size()));
    }
    return String.join("\n  ", lines);
  }

  /** Returns a clause that lists the possible targets. */
  public static String choices(Network network) {
    List<String> names =
        network.allLinears().stream()
            .flatMap(slot -> slot.parts().stream())
            .map(Linear.Part::name)
            .distinct()
            .toList();
    return "this model has %s in each layer, with paths such as %s"
        .formatted(
            String.join(", ", names),
            network.allLinears().stream()
                .flatMap(slot -> slot.parts().stream())
                .map(Linear.Part::path)
                .findFirst()
                .orElse("(none)"));
  }
}

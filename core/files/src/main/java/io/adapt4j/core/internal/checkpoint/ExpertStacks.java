package io.adapt4j.core.internal.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.exception.CheckpointException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Tensors that stack the matrices of all experts in a mixture, [experts, rows, columns]. A {@link
 * Checkpoint} presents each expert's matrix under its own name, {@code
 * mlp.experts[3].down_proj.weight} for entry 3 of {@code mlp.experts.down_proj}; saving a model
 * stacks them again.
 */
public final class ExpertStacks {

  private static final String EXPERTS = ".experts";

  /** End of the name of an expert's matrix that reads hidden states. */
  private static final String INPUT = "].gate_up_proj.weight";

  /** Module, parameter and kind of a stacked tensor. */
  private static final Pattern STACK =
      Pattern.compile(
          "(.*\\.experts)\\.(gate_up_proj|gate_proj|up_proj|down_proj)"
              + "(_bias|_blocks|_scales|_scale|_scale_inv|_scales_inv|_activation_scale|)"
              + "|(.*\\.block_sparse_moe)\\.(input_linear|output_linear)\\.weight");

  private static final Pattern EXPERT =
      Pattern.compile("(.*)\\[(\\d{1,6})]\\.(\\w+)\\.(weight|bias|blocks|scales)");

  private static final Map<String, String> KINDS =
      Map.of(
          "", "weight",
          "_bias", "bias",
          "_blocks", "blocks",
          "_scales", "scales",
          "_scale", "weight_scale",
          "_scale_inv", "weight_scale_inv",
          "_scales_inv", "weight_scale_inv",
          "_activation_scale", "activation_scale");

  /** Minimum number of dimensions of a stack, including the experts. */
  private static final Map<String, Integer> RANKS =
      Map.of("weight", 3, "bias", 2, "blocks", 4, "scales", 3);

  /**
   * Minimum number of dimensions of any stack: scales of 8-bit floats may be one number per expert.
   */
  private static final int LEAST_RANK = 1;

  /** Configuration fields with the number of experts. */
  private static final List<String> COUNTS =
      List.of("num_experts", "num_local_experts", "n_routed_experts", "moe_num_experts");

  private ExpertStacks() {}

  /** Position of one expert's matrix in a stack. */
  public record Slot(String stack, int expert) {}

  /** Returns the names of the experts' matrices in a tensor; empty if it is not a stack. */
  static List<String> parts(TensorEntry entry) {
    Matcher matcher = STACK.matcher(entry.name());
    if (!matcher.matches()) {
      return List.of();
    }
    boolean module = matcher.group(4) != null;
    String kind = module ? "weight" : KINDS.get(matcher.group(3));
    Integer rank = RANKS.get(kind);
    if (rank == null ? entry.shape().size() < LEAST_RANK : entry.shape().size() != rank) {
      return List.of();
    }
    String owner = matcher.group(module ? 4 : 1);
    String parameter = matcher.group(module ? 5 : 2);
    List<String> names = new ArrayList<>();
    for (int expert = 0; expert < entry.shape().get(0); expert++) {
      names.add(path(owner, expert, parameter) + "." + kind);
    }
    return names;
  }

  /** Layout of the experts' matrices in a checkpoint. */
  public enum Layout {
    /** A tensor for each expert, or no experts. */
    SEPARATE,
    /** Stacks [experts, out, in]. */
    STACKED,
    /** Stacks [experts, in, out]. */
    TURNED
  }

  /**
   * Returns the layout in a checkpoint. Missing or damaged weights are reported later, by the code
   * that needs them.
   */
  public static Layout layoutIn(Path folder, JsonNode config) {
    JsonNode text = config.path("text_config");
    boolean expected = COUNTS.stream().anyMatch(f -> config.hasNonNull(f) || text.hasNonNull(f));
    if (!expected || !Checkpoint.exists(folder)) {
      return Layout.SEPARATE;
    }
    long hidden = config.path("hidden_size").asLong(text.path("hidden_size").asLong());
    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      Layout found = Layout.SEPARATE;
      for (String name : checkpoint.names()) {
        if (slot(name).isPresent()) {
          found = Layout.STACKED;
          if (name.endsWith(INPUT)) {
            boolean turned = checkpoint.entry(name).shape().get(0) == hidden;
            return turned ? Layout.TURNED : Layout.STACKED;
          }
        }
      }
      return found;
    } catch (CheckpointException e) {
      return Layout.SEPARATE;
    }
  }

  /** Returns the path of an expert's projection. */
  public static String path(String owner, int expert, String parameter) {
    return owner + "[" + expert + "]." + parameter;
  }

  /** Returns the position in a stack that a tensor name refers to. */
  public static Optional<Slot> slot(String name) {
    Matcher matcher = EXPERT.matcher(name);
    if (!matcher.matches()) {
      return Optional.empty();
    }
    String owner = matcher.group(1);
    String kind = matcher.group(4);
    String suffix =
        owner.endsWith(EXPERTS) ? (kind.equals("weight") ? "" : "_" + kind) : "." + kind;
    return Optional.of(
        new Slot(owner + "." + matcher.group(3) + suffix, Integer.parseInt(matcher.group(2))));
  }

  /** Returns the position in a stack that a projection's path refers to. */
  public static Optional<Slot> slotOfPath(String path) {
    return slot(path + ".weight");
  }

  public static List<TensorData> join(List<TensorData> tensors) {
    Map<String, TreeMap<Integer, TensorData>> stacks = new LinkedHashMap<>();
    for (TensorData tensor : tensors) {
      slot(tensor.name())
          .ifPresent(
              slot ->
                  stacks
                      .computeIfAbsent(slot.stack(), name -> new TreeMap<>())
                      .put(slot.expert(), tensor));
    }
    if (stacks.isEmpty()) {
      return tensors;
    }
    List<TensorData> joined = new ArrayList<>();
    for (TensorData tensor : tensors) {
      Optional<Slot> slot = slot(tensor.name());
      if (slot.isEmpty()) {
        joined.add(tensor);
      } else {
        TreeMap<Integer, TensorData> parts = stacks.remove(slot.get().stack());
        if (parts != null) {
          joined.add(stack(slot.get().stack(), List.copyOf(parts.values())));
        }
      }
    }
    return joined;
  }

  private static TensorData stack(String name, List<TensorData> parts) {
    List<Long> shape = new ArrayList<>(List.of((long) parts.size()));
    shape.addAll(parts.get(0).shape());
    return new TensorData(
        name,
        parts.get(0).type(),
        shape,
        channel -> {
          for (TensorData part : parts) {
            part.content().writeTo(channel);
          }
        });
  }
}

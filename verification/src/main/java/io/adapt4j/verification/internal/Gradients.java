package io.adapt4j.verification.internal;

import com.google.common.primitives.Floats;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Gradients by the names of golden files. */
public final class Gradients {

  /** A tensor of all experts of a layer, as Transformers 5 has them in memory. */
  private static final Pattern STACK = Pattern.compile("(.*\\.experts)\\.(gate_up_proj|down_proj)");

  /** Names of an expert's projections in files with a tensor for each: gate, up, down. */
  private static final List<List<String>> PROJECTIONS =
      List.of(List.of("gate_proj", "up_proj", "down_proj"), List.of("w1", "w3", "w2"));

  /** The output matrix, which is the embedding where a gradient has this name alone. */
  private static final Pattern OUTPUT =
      Pattern.compile(
          "(.*\\.)?(lm_head|decoder|embed_out|vocab_projector|generator_lm_head)\\.weight");

  private static final Pattern EMBEDDING =
      Pattern.compile(
          "(.*\\.)?(embed_tokens|word_embeddings|tok_embeddings|wte|embed_in|shared)\\.weight");

  private Gradients() {}

  /** Returns the global norm of all gradients. */
  public static double norm(Collection<float[]> gradients) {
    double squares = 0;
    for (float[] gradient : gradients) {
      for (float value : gradient) {
        squares += (double) value * value;
      }
    }
    return Math.sqrt(squares);
  }

  /**
   * Returns the gradient of a parameter of the reference, whose name may differ from the file's: a
   * mixture is called {@code mlp} in Transformers 5, experts are stacked there, and a tied output
   * has the name of one of the two modules.
   */
  public static float[] found(Map<String, float[]> gradients, String name) {
    return exact(gradients, name)
        .or(() -> exact(gradients, name.replace(".mlp.", ".block_sparse_moe.")))
        .or(() -> exact(gradients, name.replace(".gate.moe_statics.", ".moe_statics.")))
        .or(() -> stacked(gradients, name))
        .or(() -> stacked(gradients, name.replace(".mlp.", ".block_sparse_moe.")))
        .or(() -> tied(gradients, name))
        .orElseThrow(() -> new GoldenException("expected a gradient of " + name + ", found none"));
  }

  /** Compares every expected gradient, whose names have a prefix, with the one found. */
  public static void compare(
      GoldenFolder golden, String prefix, Map<String, float[]> gradients, String label) {
    compare(golden, prefix, gradients, label, Tolerances.FP32, Tolerances.RELATIVE);
  }

  /** Compares with given tolerances; the label is a format for the tensor's name. */
  public static void compare(
      GoldenFolder golden,
      String prefix,
      Map<String, float[]> gradients,
      String label,
      double absolute,
      double relative) {
    for (String tensor : golden.names(prefix)) {
      String name = PeftParts.stored(tensor.substring(prefix.length()));
      golden.compare(
          label.formatted(tensor),
          () -> Deviation.of(found(gradients, name), golden.floats(tensor), absolute, relative));
    }
  }

  private static Optional<float[]> exact(Map<String, float[]> gradients, String name) {
    return Optional.ofNullable(gradients.get(name));
  }

  private static Optional<float[]> stacked(Map<String, float[]> gradients, String name) {
    Matcher stack = STACK.matcher(name);
    if (!stack.matches()) {
      return Optional.empty();
    }
    for (List<String> projections : PROJECTIONS) {
      boolean down = stack.group(2).equals("down_proj");
      List<String> parts = down ? projections.subList(2, 3) : projections.subList(0, 2);
      List<float[]> found = new ArrayList<>();
      String path = stack.group(1) + ".";
      for (int i = 0; gradients.containsKey(path + i + "." + parts.get(0) + ".weight"); i++) {
        for (String part : parts) {
          found.add(gradients.get(path + i + "." + part + ".weight"));
        }
      }
      if (!found.isEmpty()) {
        return Optional.of(Floats.concat(found.toArray(float[][]::new)));
      }
    }
    return Optional.empty();
  }

  private static Optional<float[]> tied(Map<String, float[]> gradients, String name) {
    if (!OUTPUT.matcher(name).matches()) {
      return Optional.empty();
    }
    List<String> embeddings =
        gradients.keySet().stream().filter(stored -> EMBEDDING.matcher(stored).matches()).toList();
    return embeddings.size() == 1
        ? Optional.of(gradients.get(embeddings.get(0)))
        : Optional.empty();
  }
}

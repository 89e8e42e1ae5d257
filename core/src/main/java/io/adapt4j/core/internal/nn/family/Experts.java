package io.adapt4j.core.internal.nn.family;

import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.ExpertMlp;
import io.adapt4j.core.internal.nn.GatedMlp;
import io.adapt4j.core.internal.nn.LinearSlot;
import io.adapt4j.core.internal.tensor.Activation;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Declares mixtures of experts that a checkpoint stores expert by expert.
 *
 * @param hidden width of the residual stream
 * @param width inner width of an expert
 * @param count how many experts there are
 * @param chosen how many a position goes to
 * @param normalized whether their weights add up to 1
 * @param activation of the gates
 */
record Experts(
    int hidden, int width, int count, int chosen, boolean normalized, Activation activation) {

  /**
   * Reads the fields of a configuration.
   *
   * @param width the field of an expert's width
   * @param count the field of their number
   */
  static Experts read(ModelConfig model, String width, String count, boolean normalized) {
    ConfigReader fields = model.fields();
    int experts = fields.requirePositiveInt(count);
    int chosen = fields.requirePositiveInt("num_experts_per_tok");
    if (chosen > experts) {
      throw fields.invalid(
          "num_experts_per_tok", "at most " + count + " " + experts, "Correct one of the two.");
    }
    return new Experts(
        fields.requirePositiveInt("hidden_size"),
        fields.requirePositiveInt(width),
        experts,
        chosen,
        normalized,
        Activations.read(model, "hidden_act", "silu"));
  }

  /** The mixture at a path, with an expert of all positions or none. */
  ExpertMlp declare(
      String path, String gate, String up, String down, ExpertMlp.@Nullable Shared shared) {
    List<GatedMlp> experts =
        IntStream.range(0, count)
            .mapToObj(expert -> expert(path + ".experts." + expert, width, gate, up, down))
            .toList();
    return new ExpertMlp(
        LinearSlot.of(path + ".gate", hidden, false, count), experts, chosen, normalized, shared);
  }

  GatedMlp expert(String path, int inner, String gate, String up, String down) {
    return new GatedMlp(
        LinearSlot.of(path, hidden, false, List.of(gate, up), inner, inner),
        LinearSlot.of(path + "." + down, inner, false, hidden),
        activation);
  }
}

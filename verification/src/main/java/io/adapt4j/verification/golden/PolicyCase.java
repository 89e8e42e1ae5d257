package io.adapt4j.verification.golden;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.task.rl.PolicyLoss;
import io.adapt4j.core.reinforce.Cispo;
import io.adapt4j.core.reinforce.ClippedRatio;
import io.adapt4j.core.reinforce.LossNormalization;
import io.adapt4j.core.reinforce.Sapo;
import io.adapt4j.core.reinforce.Vespo;
import io.adapt4j.core.train.spi.PolicyObjective;
import io.adapt4j.verification.internal.UnsupportedQuantityException;
import java.util.stream.StreamSupport;

/** Options of one policy loss, as TRL names them. */
record PolicyCase(JsonNode options) {

  private static final double EPSILON = 0.2;

  /** Reads a case, whose arguments may be below the tokens of the step. */
  static PolicyCase of(JsonNode expected) {
    if (!expected.has("arguments")) {
      return new PolicyCase(expected);
    }
    ObjectNode options = expected.path("arguments").deepCopy();
    options.set("num_items_in_batch", expected.path("num_items_in_batch"));
    return new PolicyCase(options);
  }

  String type() {
    return options.path("loss_type").asText("grpo");
  }

  LossNormalization normalization() {
    return switch (type()) {
      case "grpo", "sapo" -> LossNormalization.GRPO;
      case "bnpo" -> LossNormalization.BNPO;
      case "dr_grpo" -> LossNormalization.DR_GRPO;
      case "dapo", "cispo", "vespo" -> LossNormalization.DAPO;
      case "luspo" -> LossNormalization.LUSPO;
      default -> throw new UnsupportedQuantityException("GRPO loss_type " + type());
    };
  }

  private PolicyObjective objective() {
    double low = number("epsilon_low", EPSILON);
    double high = number("epsilon_high", low);
    return switch (type()) {
      case "cispo" -> new Cispo(high);
      case "sapo" ->
          new Sapo(
              number("sapo_temperature_pos", Sapo.POSITIVE),
              number("sapo_temperature_neg", Sapo.NEGATIVE));
      case "vespo" ->
          new Vespo(
              number("vespo_k_pos", 2),
              number("vespo_lambda_pos", 3),
              number("vespo_k_neg", 3),
              number("vespo_lambda_neg", 2));
      default -> new ClippedRatio(low, high, number("delta", Double.POSITIVE_INFINITY));
    };
  }

  PolicyLoss loss() {
    return new PolicyLoss(
        objective(),
        options.path("importance_sampling_level").asText().equals("sequence"),
        number("beta", 0),
        options.path("use_bias_correction_kl").asBoolean(),
        number("off_policy_mask_threshold", Double.POSITIVE_INFINITY),
        number("top_entropy_quantile", 1),
        number("entropy_coef", 0));
  }

  double temperature() {
    return number("temperature", 1);
  }

  /** Returns whether a tensor is an input of the loss. */
  boolean uses(String input) {
    JsonNode inputs = options.path("inputs_used");
    if (inputs.isArray()) {
      return StreamSupport.stream(inputs.spliterator(), false)
          .anyMatch(name -> name.asText().equals(input));
    }
    boolean usual = input.equals("old_per_token_logps");
    return options.path("uses_" + input).asBoolean(usual);
  }

  /** A micro-batch is a part of a step: of its tokens for DAPO, of its micro-batches otherwise. */
  double divisor(int[] lengths, int most) {
    LossNormalization normalization = normalization();
    return normalization == LossNormalization.DAPO && options.hasNonNull("num_items_in_batch")
        ? number("num_items_in_batch", 1)
        : normalization.divisor(lengths, options.path("max_completion_length").asInt(most))
            * options.path("current_gradient_accumulation_steps").asInt(1);
  }

  private double number(String name, double usual) {
    return options.path(name).asDouble(usual);
  }
}

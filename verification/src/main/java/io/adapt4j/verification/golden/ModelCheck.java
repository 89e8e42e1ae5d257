package io.adapt4j.verification.golden;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.common.primitives.Floats;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.ExpertStacks;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.EncoderDecoder;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import io.adapt4j.core.internal.tokenize.Batch;
import io.adapt4j.verification.internal.Deviation;
import io.adapt4j.verification.internal.GoldenException;
import io.adapt4j.verification.internal.GoldenFolder;
import io.adapt4j.verification.internal.Gradients;
import io.adapt4j.verification.internal.Kind;
import io.adapt4j.verification.internal.Networks;
import io.adapt4j.verification.internal.Tolerances;
import java.util.List;
import java.util.Map;

/** Recomputes a folder of kind models: a checkpoint with its expected values. */
record ModelCheck(GoldenFolder golden) {

  static final Kind KIND =
      Kind.ofModel(
          "models",
          source -> List.of("causal", "mlm", "cls", "seq2seq").contains(source.kind()),
          ModelCheck::run);

  private static final String OF_VERSION_FIVE = "logits_5_15";
  private static final double BF16 = 0.15;
  private static final double FP16 = 0.03;

  private static void run(GoldenFolder golden) {
    ModelCheck check = new ModelCheck(golden);
    golden.attempt("forward", check::forward);
    golden.attempt("gradients", () -> check.gradients(false));
    golden.attempt("gradients (recompute)", () -> check.gradients(true));
    golden.attempt("logits_native", check::nativeLogits);
    golden.attempt("dequantized weights", check::dequantized);
    golden.attempt("routers", () -> RouterCheck.run(golden));
    golden.attempt("generated", () -> GenerationCheck.run(golden));
    golden.attempt("round trip", () -> RoundTripCheck.run(golden));
  }

  private void forward() {
    try (Network network = Networks.load(golden.path(), DType.F32)) {
      Batch batch = golden.batch("", "");
      // If versions compute different logits, those of the version that wrote the folder count.
      String logits = golden.has(OF_VERSION_FIVE) ? OF_VERSION_FIVE : "logits";
      golden.attempt("logits", () -> logits(network, batch, logits, Tolerances.of(golden)));
      if (!golden.has(OF_VERSION_FIVE)) {
        golden.attempt(
            "loss", () -> golden.compared("loss", Networks.loss(network, batch), "loss"));
      }
      if (golden.has("logits_left")) {
        Batch left = golden.batch("", "_left");
        golden.attempt("logits_left", () -> logits(network, left, "logits_left", Tolerances.FP32));
      }
      golden.attempt("hidden", () -> hidden(network, batch));
    }
  }

  private void logits(Network network, Batch batch, String tensor, double tolerance) {
    float[] found = Networks.logits(network, batch);
    golden.compared(tensor, found, batch, tolerance);
  }

  private void hidden(Network network, Batch batch) {
    if (network instanceof EncoderDecoder both) {
      SequenceCheck.states(golden, both, batch);
      return;
    }
    if (golden.names("hidden.").isEmpty()) {
      return;
    }
    List<float[]> states = Networks.hiddenStates(network, batch, golden.isOfVersionFive());
    for (int i = 0; i < states.size(); i++) {
      String tensor = "hidden." + i;
      if (golden.has(tensor)) {
        golden.comparedStates(tensor, states.get(i), batch);
      }
    }
  }

  private void gradients(boolean recompute) {
    List<String> tensors = golden.names("grad.");
    if (tensors.isEmpty() && !golden.json().has("grad_norms")) {
      return;
    }
    String suffix = recompute ? " (recompute)" : "";
    try (Network network = Networks.load(golden.path(), DType.F32)) {
      network.parameters().forEach(Parameter::train);
      double loss = Networks.forwardBackward(network, golden.batch("", ""), recompute);
      golden.compared("loss of training" + suffix, loss, "loss");
      Map<String, float[]> gradients = Networks.gradients(network);
      golden.attempt("grad_norms" + suffix, () -> gradientNorms(gradients, suffix));
      Gradients.compare(golden, "grad.", gradients, "%s" + suffix);
    }
  }

  private void gradientNorms(Map<String, float[]> gradients, String suffix) {
    Deviation worst = Deviation.NONE;
    for (var norm : golden.json().path("grad_norms").properties()) {
      double found = Gradients.norm(List.of(Gradients.found(gradients, norm.getKey())));
      worst =
          worst.or(
              Deviation.of(
                  found, norm.getValue().asDouble(), Tolerances.FP32, Tolerances.RELATIVE));
    }
    golden.compared("grad_norms" + suffix, worst);
    golden.compared(
        "grad_norm_total" + suffix,
        Deviation.of(
            Gradients.norm(gradients.values()),
            golden.json().path("grad_norm_total"),
            Tolerances.FP32,
            Tolerances.RELATIVE));
  }

  /** Checks the exact dequantized weights of a 4-bit checkpoint. */
  private void dequantized() {
    List<String> tensors = golden.names("dequant.");
    if (tensors.isEmpty()) {
      return;
    }
    try (Checkpoint checkpoint = Checkpoint.open(golden.path())) {
      for (String tensor : tensors) {
        golden.compared(tensor, stack(checkpoint, tensor.substring("dequant.".length())), 0);
      }
    }
  }

  private static float[] stack(Checkpoint checkpoint, String stack) {
    List<String> parts =
        checkpoint.names().stream()
            .filter(
                name ->
                    ExpertStacks.slot(name).filter(slot -> slot.stack().equals(stack)).isPresent())
            .toList();
    return Floats.concat(
        parts.stream().map(name -> GoldenFolder.floats(checkpoint, name)).toArray(float[][]::new));
  }

  private JsonNode config() {
    return GoldenFolder.json(golden.path(), ModelConfig.FILE);
  }

  private void nativeLogits() {
    if (!golden.has("logits_native")) {
      return;
    }
    String type = golden.json().path("dtype").asText(config().path("dtype").asText());
    if (!type.equals("bfloat16") && !type.equals("float16")) {
      throw new GoldenException("dtype: expected bfloat16 or float16, found '" + type + "'");
    }
    boolean half = type.equals("float16");
    try (Network network = Networks.load(golden.path(), half ? DType.F16 : DType.BF16)) {
      // If rounding routes a token to other experts, the reference itself deviates as much.
      double own = golden.json().path("native_vs_fp32_maxdiff").asDouble(0);
      double tolerance = Math.max(half ? FP16 : BF16, Networks.isMx(config()) ? own : 0);
      logits(network, golden.batch("", ""), "logits_native", tolerance);
    }
  }
}

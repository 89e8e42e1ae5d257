package io.adapt4j.examples.golden;

import io.adapt4j.core.engine.DType;
import io.adapt4j.core.engine.Parameter;
import io.adapt4j.core.model.Decoder;
import io.adapt4j.core.model.LanguageModelLoss;
import java.util.List;
import java.util.Map;

/** Recomputes a folder of kind models: a checkpoint with the numbers expected of it. */
final class ModelCheck {

  /** Absolute tolerance of what fp32 computes. */
  static final double FP32 = 1e-4;

  /** Relative part of the tolerance of gradients. */
  static final double RELATIVE = 1e-3;

  private static final double BF16 = 0.15;

  private final GoldenFolder golden;
  private final Report.Section section;

  private ModelCheck(GoldenFolder golden, Report.Section section) {
    this.golden = golden;
    this.section = section;
  }

  static void run(GoldenFolder golden, Report.Section section) {
    requireCausal(golden);
    ModelCheck check = new ModelCheck(golden, section);
    section.attempt("forward", check::forward);
    section.attempt("gradients", () -> check.gradients(false));
    section.attempt("gradients (recompute)", () -> check.gradients(true));
    section.attempt("logits_native", check::nativeLogits);
    section.attempt("generated", () -> GenerationCheck.run(golden, section));
    section.attempt("round trip", () -> RoundTripCheck.run(golden, section));
  }

  private static void requireCausal(GoldenFolder golden) {
    String kind = golden.json().path("kind").asText();
    if (!List.of("causal", "mlm", "cls").contains(kind)) {
      throw new GoldenException(
          golden.path() + ": kind: expected causal, mlm or cls, found '" + kind + "'");
    }
    Networks.requireSupported(golden.path());
    if (!kind.equals("causal")) {
      throw new UnsupportedQuantityException(
          "kind " + kind + "; only causal language models are offered");
    }
  }

  private void forward() {
    try (Decoder decoder = Networks.load(golden.path(), DType.F32)) {
      LanguageModelLoss.Inputs batch = golden.batch("", "");
      section.attempt("logits", () -> logits(decoder, batch, "logits", FP32));
      section.attempt(
          "loss",
          () ->
              section.compared(
                  "loss",
                  Deviation.of(Networks.loss(decoder, batch), golden.floats("loss")[0], FP32, 0)));
      if (golden.has("logits_left")) {
        LanguageModelLoss.Inputs left = golden.batch("", "_left");
        section.attempt("logits_left", () -> logits(decoder, left, "logits_left", FP32));
      }
      section.attempt("hidden", () -> hidden(decoder, batch));
    }
  }

  private void logits(
      Decoder decoder, LanguageModelLoss.Inputs batch, String tensor, double tolerance) {
    float[] found = Networks.logits(decoder, batch);
    section.compared(
        tensor,
        Deviation.masked(found, golden.floats(tensor), batch.attentionMask(), tolerance, 0));
  }

  /** Only the last hidden states leave the decoder: those that the output head reads. */
  private void hidden(Decoder decoder, LanguageModelLoss.Inputs batch) {
    String last = "hidden." + decoder.config().layers();
    if (golden.has(last)) {
      section.compared(
          last,
          Deviation.masked(
              Networks.hidden(decoder, batch),
              golden.floats(last),
              batch.attentionMask(),
              FP32,
              0));
    }
  }

  private void gradients(boolean recompute) {
    List<String> tensors = golden.names("grad.");
    if (tensors.isEmpty() && !golden.json().has("grad_norms")) {
      return;
    }
    String suffix = recompute ? " (recompute)" : "";
    try (Decoder decoder = Networks.load(golden.path(), DType.F32)) {
      decoder.parameters().forEach(Parameter::train);
      double loss = Networks.differentiate(decoder, golden.batch("", ""), recompute);
      section.compared(
          "loss of training" + suffix, Deviation.of(loss, golden.floats("loss")[0], FP32, 0));
      Map<String, float[]> gradients =
          Networks.gradients(
              decoder.parameters().stream().flatMap(one -> one.trained().stream()).toList());
      section.attempt("grad_norms" + suffix, () -> gradientNorms(gradients, suffix));
      for (String tensor : tensors) {
        section.attempt(
            tensor + suffix,
            () ->
                section.compared(
                    tensor + suffix,
                    Deviation.of(
                        found(gradients, tensor.substring("grad.".length())),
                        golden.floats(tensor),
                        FP32,
                        RELATIVE)));
      }
    }
  }

  private void gradientNorms(Map<String, float[]> gradients, String suffix) {
    Deviation worst = Deviation.NONE;
    for (var norm : golden.json().path("grad_norms").properties()) {
      double found = Math.sqrt(squares(found(gradients, norm.getKey())));
      worst = worst.or(Deviation.of(found, norm.getValue().asDouble(), FP32, RELATIVE));
    }
    section.compared("grad_norms" + suffix, worst);
    double total = Math.sqrt(gradients.values().stream().mapToDouble(ModelCheck::squares).sum());
    section.compared(
        "grad_norm_total" + suffix,
        Deviation.of(
            total, golden.json().path("grad_norm_total").asDouble(Double.NaN), FP32, RELATIVE));
  }

  private static double squares(float[] values) {
    double sum = 0;
    for (float value : values) {
      sum += (double) value * value;
    }
    return sum;
  }

  static float[] found(Map<String, float[]> gradients, String name) {
    float[] found = gradients.get(name);
    if (found == null) {
      throw new GoldenException("expected a gradient of " + name + ", found none");
    }
    return found;
  }

  private void nativeLogits() {
    if (!golden.has("logits_native")) {
      return;
    }
    String type = golden.json().path("dtype").asText();
    if (type.equals("float16")) {
      throw new UnsupportedQuantityException("computing in fp16; fp32 and bf16 are offered");
    }
    if (!type.equals("bfloat16")) {
      throw new GoldenException("dtype: expected bfloat16 or float16, found '" + type + "'");
    }
    try (Decoder decoder = Networks.load(golden.path(), DType.BF16)) {
      logits(decoder, golden.batch("", ""), "logits_native", BF16);
    }
  }
}

package io.adapt4j.verification.golden;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tokenize.Batch;
import io.adapt4j.core.model.Precision;
import io.adapt4j.qlora.QuantizedCheckpoint;
import io.adapt4j.verification.internal.Deviation;
import io.adapt4j.verification.internal.GoldenFolder;
import io.adapt4j.verification.internal.Kind;
import io.adapt4j.verification.internal.Networks;
import io.adapt4j.verification.internal.TemporaryFolder;
import io.adapt4j.verification.internal.Tolerances;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;

/** Checks 4-bit checkpoints saved by Transformers: dequantized weights, logits and loss. */
final class FourBitModelCheck {

  static final Kind KIND =
      Kind.ofModel(
          "4-bit checkpoints",
          source -> source.kind().isEmpty() && Networks.isFourBit(source.file("config.json")),
          golden -> new FourBitModelCheck(golden).run());

  /** Tolerances for logits computed in a half-precision type. */
  private static final Map<DType, Double> HALF = Map.of(DType.BF16, 0.25, DType.F16, 0.05);

  /** Tolerances for dequantized weights, which the reference rounds to its compute type. */
  private static final Map<DType, Double> ROUNDED = Map.of(DType.BF16, 1.0 / 128, DType.F16, 1e-3);

  /** Name part of results from the exact fp4 table; the reference's has four digits. */
  private static final String EXACT = "by_quant_map";

  private static final double COARSE_TABLE = 2e-4;

  /**
   * Tolerance for logits of the four-digit table; those of the exact one are compared at full
   * precision.
   */
  private static final double COARSE_LOGITS = 5e-2;

  private static final double RELATIVE = 1e-6;

  private final GoldenFolder golden;
  private final Batch batch;
  private final DType type;
  private final boolean exactTable;

  private FourBitModelCheck(GoldenFolder golden) {
    this.golden = golden;
    this.batch = golden.batch("", "");
    this.type =
        switch (golden.json().path("compute_dtype").asText()) {
          case "torch.bfloat16", "bfloat16" -> DType.BF16;
          case "torch.float16", "float16" -> DType.F16;
          default -> DType.F32;
        };
    this.exactTable = golden.names("").stream().noneMatch(name -> name.contains(EXACT));
  }

  private void run() {
    golden.attempt("dequantized", this::dequantized);
    golden.attempt("logits in fp32", () -> logits(golden.path(), ""));
    golden.attempt("logits", this::nativeLogits);
  }

  /** Checks the weights written as plain ones. */
  private void dequantized() throws IOException {
    try (TemporaryFolder folder = TemporaryFolder.create()) {
      Path plain = folder.path().resolve("plain");
      QuantizedCheckpoint.dequantize(golden.path(), plain, Precision.FP32);
      try (Checkpoint written = Checkpoint.open(plain)) {
        for (String tensor : golden.names("dequant")) {
          String weight = tensor.substring(tensor.indexOf('.') + 1);
          golden.attempt(tensor, () -> weight(tensor, GoldenFolder.floats(written, weight)));
        }
      }
      logits(plain, " of plain weights");
    }
  }

  private void weight(String tensor, float[] found) {
    float[] wanted = golden.floats(tensor);
    double largest = GoldenFolder.largest(wanted);
    boolean coarse = !exactTable && !tensor.contains(EXACT);
    golden.compared(
        tensor,
        Deviation.of(
            found,
            wanted,
            (coarse ? COARSE_TABLE : RELATIVE) * largest,
            tensor.contains(EXACT) ? RELATIVE : ROUNDED.getOrDefault(type, RELATIVE)));
  }

  private void logits(Path folder, String what) {
    String tensor = exactTable ? "logits_fp32_dequant" : "logits_fp32_" + EXACT;
    try (Network network = Networks.load(folder, DType.F32)) {
      float[] found = Networks.logits(network, batch);
      golden.compared(tensor + what, golden.deviation(tensor, found, batch, Tolerances.FP32));
    }
  }

  /** Checks logits in the reference's compute type, including its fp4 table. */
  private void nativeLogits() {
    try (Network network = Networks.load(golden.path(), type)) {
      double tolerance = HALF.getOrDefault(type, exactTable ? Tolerances.FP32 : COARSE_LOGITS);
      float[] found = Networks.logits(network, batch);
      golden.compared("logits", found, batch, tolerance);
      golden.compared(
          "loss",
          Deviation.of(
              Networks.loss(network, batch),
              golden.floats("loss")[0],
              type == DType.F32 ? tolerance : HALF.get(type) / 10));
    }
  }
}

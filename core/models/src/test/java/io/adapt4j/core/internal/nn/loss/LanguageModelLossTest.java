package io.adapt4j.core.internal.nn.loss;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.SmallModel;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.TargetRows;
import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.nn.weights.Weights;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tokenize.Batch;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The loss of a padded batch against a softmax of the model's logits in double precision. */
class LanguageModelLossTest {

  private static final int ROWS = 2;
  private static final int LENGTH = 6;
  private static final long[] IDS = {1, 40, 41, 42, 43, 44, 1, 70, 71, 0, 0, 0};
  private static final long[] MASK = {1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0};
  private static final long[] LABELS = {-100, -100, 41, 42, 43, 44, -100, 70, 71, -100, -100, -100};
  private static final Batch INPUTS = new Batch(IDS, MASK, LABELS, ROWS, LENGTH);

  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource({"F32,1e-4", "BF16,0.05"})
  void theLossIsTheCrossEntropyOfTheShiftedLabels(DType type, double tolerance) throws IOException {
    try (Decoder decoder = load(type)) {
      double expected = expected(decoder);
      assertThat(LanguageModelLoss.evaluate(decoder, INPUTS))
          .isCloseTo(expected, within(tolerance));
      assertThat(LanguageModelLoss.forwardBackward(decoder, INPUTS, 1, false, 0))
          .isCloseTo(expected, within(tolerance));
    }
  }

  @Test
  void aBatchWithoutTargetsHasNoLoss() throws IOException {
    long[] none = new long[LABELS.length];
    Arrays.fill(none, TargetRows.IGNORED);
    try (Decoder decoder = load(DType.F32)) {
      assertThat(LanguageModelLoss.evaluate(decoder, new Batch(IDS, MASK, none, ROWS, LENGTH)))
          .isZero();
    }
  }

  private static double expected(Decoder decoder) {
    try (Scope scope = Scope.open();
        Positions positions = decoder.positions(MASK, ROWS, LENGTH)) {
      Ops ops = Ops.inference();
      Tensor hidden = decoder.hidden(ops, Tensor.of(IDS, ROWS, LENGTH), positions, false);
      float[] logits = decoder.logits(hidden).toFloats();
      int vocabulary = logits.length / IDS.length;
      double sum = 0;
      for (int at = 0; at + 1 < LABELS.length; at++) {
        if (LABELS[at + 1] != TargetRows.IGNORED) {
          double total = 0;
          for (int v = 0; v < vocabulary; v++) {
            total += Math.exp(logits[at * vocabulary + v]);
          }
          sum += Math.log(total) - logits[at * vocabulary + (int) LABELS[at + 1]];
        }
      }
      return sum;
    }
  }

  private Decoder load(DType type) throws IOException {
    SmallModel.write(folder);
    Decoder decoder = Architectures.declareDecoder(ModelConfig.read(folder));
    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      decoder.allocate(type);
      Weights.load(decoder, checkpoint);
    }
    return decoder;
  }
}

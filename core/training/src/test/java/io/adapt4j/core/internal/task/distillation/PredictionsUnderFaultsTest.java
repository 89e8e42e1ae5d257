package io.adapt4j.core.internal.task.distillation;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.faults.FaultCheck;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.loss.VocabularyDistillation;
import io.adapt4j.core.internal.tensor.loss.VocabularyHead;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import io.adapt4j.core.internal.tokenize.Batch;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A teacher's stored predictions, under every fault at every call of the disk. */
class PredictionsUnderFaultsTest {

  private static final Batch ROW =
      new Batch(new long[] {1, 2, 3}, new long[] {1, 1, 1}, new long[] {1, 2, 3}, 1, 3);

  private static final VocabularyDistillation DIVERGENCE =
      new VocabularyDistillation(0, 1, 2, false, VocabularyDistillation.Rest.BUCKET);

  private static void write(Path folder, float hidden) {
    try (Scope scope = Scope.open();
        Parameter head = Parameter.of("head", 4, 1)) {
      assertThat(scope).isNotNull();
      head.allocate(DType.F32);
      head.value().copyFrom(Tensor.of(new float[] {0, 1, 2, 3}, 4, 1));
      StoredPredictions.ask(
              batch ->
                  new VocabularyDistillation.Live(
                      Tensor.of(new float[] {hidden, -hidden}, 2, 1), VocabularyHead.of(head)),
              DIVERGENCE,
              List.of(List.of(ROW).iterator()))
          .write(folder.resolve("teacher.safetensors"), "key", "teacher");
    }
  }

  private static String read(Path folder) {
    try (Scope scope = Scope.open()) {
      assertThat(scope).isNotNull();
      VocabularyDistillation.Stored found =
          (VocabularyDistillation.Stored)
              StoredPredictions.read(
                      folder.resolve("teacher.safetensors"), "key", "teacher", DIVERGENCE.top())
                  .at(ROW);
      return Arrays.toString(found.ids().toLongs()) + Arrays.toString(found.logProbs().toFloats());
    }
  }

  @Test
  void predictions() throws Exception {
    int faults =
        FaultCheck.of("stored predictions")
            .before(folder -> write(folder, 1))
            .writing(folder -> write(folder, 2))
            .reading(PredictionsUnderFaultsTest::read)
            .run();
    assertThat(faults).isGreaterThan(40);
  }
}

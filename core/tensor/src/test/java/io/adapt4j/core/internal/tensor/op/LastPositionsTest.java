package io.adapt4j.core.internal.tensor.op;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.adapt4j.core.internal.ProcessMemory;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.Torch;
import io.adapt4j.core.internal.tensor.loss.VocabularyHead;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Products of positions that do not follow each other in memory. */
class LastPositionsTest {

  private static final Path CLEAR = Path.of("/proc/self/clear_refs");
  private static final int ROWS = 8;
  private static final int LENGTH = 3;
  private static final int HIDDEN = 512;
  private static final int VOCABULARY = 32768;

  @Test
  void logitsOfTheLastPositionsOfAllTextsNeedNoCopiesOfTheWeight() throws IOException {
    assumeTrue(Files.isWritable(CLEAR), "the peak of memory is reset on Linux alone");
    Parameter weight = Parameter.of("head", VOCABULARY, HIDDEN);
    weight.allocate(DType.BF16);
    try (Scope scope = Scope.open()) {
      weight.value().copyFrom(Tensor.zeros(DType.BF16, 1));
      VocabularyHead head = new VocabularyHead(weight, null, 1, 0);
      Tensor hidden = Tensor.zeros(DType.BF16, ROWS, LENGTH, HIDDEN);
      head.logits(hidden.narrow(0, 0, 1));
      Files.writeString(CLEAR, "5");
      long before = ProcessMemory.peak().orElseThrow();
      head.logits(hidden.narrow(1, LENGTH - 1, 1));
      long copies = (long) ROWS * VOCABULARY * HIDDEN * DType.BF16.bytes();
      assertThat(ProcessMemory.peak().orElseThrow() - before).isLessThan(copies / 2);
    } finally {
      weight.close();
    }
  }

  @Test
  void logitsOfTheLastPositionsAreThoseOfTheirCopy() {
    for (DType type : List.of(DType.F32, DType.BF16)) {
      Parameter weight = Parameter.of("head", 31, 8);
      weight.allocate(type);
      try (Scope scope = Scope.open()) {
        Torch.seed(5);
        weight.value().copyFrom(Tensor.randn(type, 31, 8));
        VocabularyHead head = new VocabularyHead(weight, null, 1, 0);
        for (int rows : new int[] {1, 4}) {
          Tensor last = Tensor.randn(type, rows, 5, 8).narrow(1, 4, 1);
          Tensor logits = head.logits(last);
          assertThat(logits.sizes()).containsExactly(rows, 1, 31);
          assertThat(logits.toFloats()).containsExactly(head.logits(last.copyAs(type)).toFloats());
        }
      } finally {
        weight.close();
      }
    }
  }
}

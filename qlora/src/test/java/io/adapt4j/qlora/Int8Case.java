package io.adapt4j.qlora;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThatCode;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.cache.KvCache;
import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.kernels.internal.Int8Matrix;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.IntStream;

/** Models in 8 bits. */
final class Int8Case {

  private Int8Case() {}

  /** Skips the test where the kernels in C++ are missing. */
  static void needTheLibrary() {
    assumeThatCode(Int8Matrix::requireLibrary).doesNotThrowAnyException();
  }

  static LanguageModel loadModel(Path folder) {
    return LanguageModel.load(ModelSource.path(folder), Quantization.int8(), Precision.FP32);
  }

  /** The root of the mean squared difference, over that of the wanted numbers. */
  static double difference(float[] found, float[] wanted) {
    assertThat(found).hasSameSizeAs(wanted);
    double squares = 0;
    double all = 0;
    for (int i = 0; i < found.length; i++) {
      squares += Math.pow((double) found[i] - wanted[i], 2);
      all += Math.pow(wanted[i], 2);
    }
    return Math.sqrt(squares / all);
  }

  /** Reads tokens into a cache by operators; returns the logits after the last. */
  static float[] forward(Decoder decoder, KvCache cache, int... tokens) {
    long[] ids = Arrays.stream(tokens).asLongStream().toArray();
    long[] mask =
        IntStream.range(0, Math.toIntExact(cache.length()) + ids.length)
            .mapToLong(i -> 1)
            .toArray();
    try (Scope scope = Scope.open(decoder.engine());
        Positions positions = decoder.positions(mask, 1, ids.length, cache)) {
      Tensor hidden =
          decoder.hidden(Ops.inference(), Tensor.of(ids, 1, ids.length), positions, false);
      return decoder.logits(hidden.narrow(1, ids.length - 1L, 1)).toFloats();
    }
  }
}

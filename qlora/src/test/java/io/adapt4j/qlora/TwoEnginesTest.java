package io.adapt4j.qlora;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.method.Methods;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.cache.KvCache;
import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.nn.loss.LanguageModelLoss;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.ShapesOnly;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Parameter.Trainable;
import io.adapt4j.core.internal.tokenize.Batch;
import io.adapt4j.core.internal.train.TrainingStep;
import io.adapt4j.core.optim.Optimizer;
import io.adapt4j.lora.Lora;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * A model on another engine than the default of the process, which stays on the CPU. Every operator
 * of the other engine checks that its tensors are there.
 */
class TwoEnginesTest {

  private final Batch batch = DevicePlacementTest.batch();
  private long before;
  private Decoder near;
  private Decoder away;

  @BeforeEach
  void loadOneOnEach() {
    before = Tensor.live();
    near = DevicePlacementTest.decoder(DType.F32);
    try (Scope there = Scope.open(ShapesOnly.engine())) {
      away = DevicePlacementTest.decoder(DType.F32);
    }
  }

  @AfterEach
  void close() {
    near.close();
    away.close();
    assertThat(Tensor.live()).isEqualTo(before);
  }

  @Test
  void eachModelComputesWhereItsWeightsAre() {
    double loss = LanguageModelLoss.evaluate(near, batch);
    assertThat(loss).isPositive();
    assertThat(LanguageModelLoss.evaluate(away, batch)).isZero();
    assertThat(LanguageModelLoss.evaluate(near, batch)).isEqualTo(loss);
  }

  @Test
  void anAdapterTrainsWhereTheModelIs() {
    for (Lora method : List.of(Lora.rank(4), Lora.rank(4).dora().dropout(0.1))) {
      for (Optimizer optimizer : List.of(Optimizer.adamW(), Optimizer.pagedAdamW8bit())) {
        try (Adaptation adaptation = Methods.of(method).attach(away, Path.of("base"), 5)) {
          TrainingStep.Settings settings = new TrainingStep.Settings(optimizer, 0.01, 1, true);
          try (TrainingStep<Batch> step =
              TrainingStep.ofLanguageModel(away, adaptation, settings)) {
            assertThat(step.run(List.of(batch), 7, 1e-3, 1).applied()).isTrue();
          }
          for (Trainable trainable : adaptation.trained()) {
            assertThat(trainable.value().isOnHost()).as(trainable.name()).isFalse();
          }
        }
      }
    }
  }

  @Test
  void aCacheLiesBesideTheWeights() {
    long[] mask = new long[batch.length()];
    Arrays.fill(mask, 1);
    try (KvCache cache = away.newCache(1, batch.length());
        Scope there = Scope.open(away.engine());
        Positions positions = away.positions(mask, 1, batch.length(), cache)) {
      Tensor ids = Tensor.of(Arrays.copyOf(batch.ids(), batch.length()), 1, batch.length());
      Tensor hidden = away.hidden(Ops.inference(), ids, positions, false);
      assertThat(away.logits(hidden).isOnHost()).isFalse();
    }
  }
}

package io.adapt4j.lora;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.core.engine.DType;
import io.adapt4j.core.engine.EngineException;
import io.adapt4j.core.engine.Ops;
import io.adapt4j.core.engine.Parameter;
import io.adapt4j.core.engine.Parameter.Trained;
import io.adapt4j.core.engine.Scope;
import io.adapt4j.core.engine.ShapesOnly;
import io.adapt4j.core.engine.Tensor;
import io.adapt4j.core.model.Decoder;
import io.adapt4j.core.model.KvCache;
import io.adapt4j.core.model.LanguageModelLoss;
import io.adapt4j.core.model.Positions;
import io.adapt4j.core.train.Adaptation;
import io.adapt4j.core.train.FineTuningMethod;
import io.adapt4j.core.train.FullFineTuning;
import io.adapt4j.core.train.Optimizer;
import io.adapt4j.core.train.TrainingStep;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * All of a step on one device that is not the CPU, without having one: libtorch's meta device
 * stands in for it. Every operator checks where its tensors are.
 */
class DevicePlacementTest {

  private long before;
  private ShapesOnly elsewhere;

  @BeforeEach
  void leaveTheCpu() {
    before = Tensor.live();
    elsewhere = ShapesOnly.open();
  }

  @AfterEach
  void comeBack() {
    elsewhere.close();
    assertThat(Tensor.live()).isEqualTo(before);
  }

  static Stream<Arguments> steps() {
    return Stream.of(
        step(FullFineTuning.create(), DType.F32, Optimizer.adamW()),
        step(FullFineTuning.create(), DType.BF16, Optimizer.pagedAdamW()),
        step(FullFineTuning.create(), DType.BF16, Optimizer.adamW8bit()),
        step(FullFineTuning.create(), DType.F32, Optimizer.pagedAdamW8bit()),
        step(FullFineTuning.create(), DType.F32, Optimizer.adafactor()),
        step(FullFineTuning.create(), DType.F32, Optimizer.lion()),
        step(FullFineTuning.create(), DType.F32, Optimizer.sgd(0.9)),
        step(Lora.rank(4), DType.F32, Optimizer.adamW()),
        step(Lora.rank(4).dropout(0.1), DType.BF16, Optimizer.pagedAdamW()),
        step(Lora.rank(4).dora(), DType.BF16, Optimizer.adamW()),
        step(Lora.rank(4).dora().dropout(0.1), DType.F32, Optimizer.adamW()),
        step(Lora.rank(4).initialise(LoraInit.pissa()), DType.F32, Optimizer.adamW()));
  }

  private static Arguments step(FineTuningMethod method, DType type, Optimizer optimizer) {
    return Arguments.of(method, type, optimizer);
  }

  @ParameterizedTest
  @MethodSource("steps")
  void aStepMixesNoDevices(FineTuningMethod method, DType type, Optimizer optimizer) {
    try (Decoder decoder = LoraCase.random(false, type);
        Adaptation adaptation = method.attach(decoder, Path.of("base"), 5)) {
      for (boolean recompute : new boolean[] {false, true}) {
        TrainingStep.Settings settings = new TrainingStep.Settings(optimizer, 0.01, 1, recompute);
        try (TrainingStep<LanguageModelLoss.Inputs> step =
            TrainingStep.ofLanguageModel(decoder, adaptation, settings)) {
          for (LanguageModelLoss.Inputs batch : List.of(LoraCase.batch(), padded(), packed())) {
            assertThat(step.run(List.of(batch), 7, 1e-3, 1).applied()).isTrue();
          }
        }
      }
      assertThat(adaptation.trained()).isNotEmpty();
      for (Trained one : adaptation.trained()) {
        assertThat(one.value().isOnHost()).as(one.name()).isFalse();
        assertThat(one.gradient().isOnHost()).as(one.name()).isFalse();
      }
      for (Parameter one : decoder.parameters()) {
        assertThat(one.value().isOnHost()).isFalse();
      }
    }
  }

  private static LanguageModelLoss.Inputs padded() {
    LanguageModelLoss.Inputs full = LoraCase.batch();
    long[] mask = full.attentionMask().clone();
    long[] labels = full.labels().clone();
    for (int i = LoraCase.LENGTH - 5; i < LoraCase.LENGTH; i++) {
      mask[i] = 0;
      labels[i] = -100;
    }
    return new LanguageModelLoss.Inputs(full.ids(), mask, labels, LoraCase.ROWS, LoraCase.LENGTH);
  }

  private static LanguageModelLoss.Inputs packed() {
    LanguageModelLoss.Inputs full = LoraCase.batch();
    float[] weights = new float[full.labels().length];
    Arrays.fill(weights, 0.5f);
    int[][] documents = {{10, 14}, {20}};
    return new LanguageModelLoss.Inputs(
        full.ids(),
        full.attentionMask(),
        full.labels(),
        LoraCase.ROWS,
        LoraCase.LENGTH,
        documents,
        weights);
  }

  @ParameterizedTest
  @EnumSource(
      value = DType.class,
      names = {"F32", "BF16"})
  void generatingMixesNoDevices(DType type) {
    try (Decoder decoder = LoraCase.load(LoraCase.golden("models/llama"), type);
        KvCache cache = decoder.newCache(2, 8)) {
      for (int count : new int[] {4, 1, 1}) {
        long[] mask = new long[Math.toIntExact(2 * (cache.length() + count))];
        Arrays.fill(mask, 1);
        mask[0] = 0;
        try (Scope scope = Scope.open();
            Positions positions = decoder.positions(mask, 2, count, cache)) {
          Tensor ids = Tensor.of(new long[2 * count], 2, count);
          Tensor hidden = decoder.hidden(Ops.inference(), ids, positions, false);
          Tensor logits = decoder.logits(hidden);
          assertThat(logits.isOnHost()).isFalse();
          assertThat(logits.toFloats()).containsOnly(0f);
        }
      }
    }
  }

  @Test
  void anOperatorThatMixesDevicesIsFound() {
    try (Scope scope = Scope.open()) {
      Tensor away = Tensor.zeros(DType.F32, 2, 2);
      assertThat(away.isOnHost()).isFalse();
      assertThatThrownBy(() -> away.times(ShapesOnly.hostTensor(2, 2)))
          .isInstanceOf(EngineException.class)
          .hasMessageContaining("matmul: a tensor is on another device");
    }
  }
}

package io.adapt4j.kernels.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.DecoderSteps.Token;
import io.adapt4j.core.internal.nn.cache.KvCache;
import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.nn.layer.Layer;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.mlp.ExpertMlp;
import io.adapt4j.core.internal.nn.mlp.Mlp;
import io.adapt4j.core.internal.nn.mlp.RouterBalance;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a native step does with the experts of a mixture. */
class ExpertStepsTest {

  private static final int TOKEN = 5;

  @BeforeEach
  void needTheLibrary() {
    assumeThat(CpuLibrary.get().isPresent()).as(CpuLibrary.get().absence()).isTrue();
  }

  /** Anything times NaN is NaN. */
  @ParameterizedTest
  @ValueSource(strings = {"mixtral", "qwen2_moe", "glm4_moe", "gpt_oss", "phimoe", "longcat_flash"})
  void expertsThatNoTokenHasChosenTakeNoPart(String family) {
    try (Decoder decoder = StepKernelsTest.load(family, DType.F32)) {
      float[] wanted = logits(decoder);
      int spoiled = spoilOthers(decoder, chosen(decoder));
      assertThat(spoiled).isPositive();
      assertThat(logits(decoder)).containsExactly(wanted);
    }
  }

  private static List<ExpertMlp> mixtures(Decoder decoder) {
    return decoder.body().layers().stream()
        .map(Layer::mlp)
        .filter(ExpertMlp.class::isInstance)
        .map(ExpertMlp.class::cast)
        .toList();
  }

  private static float[] logits(Decoder decoder) {
    try (KvCache cache = decoder.newCache(1, 4);
        CpuDecoderSteps steps =
            StepCompiler.compile(decoder, 1, 1, CpuKernels.open().variant(), List.of())
                .orElseThrow()) {
      steps.place(0, cache, 0);
      steps.run(List.of(new Token(TOKEN, 0, 0, 0, true)));
      float[] logits = new float[Math.toIntExact(decoder.head().weight().sizes()[0])];
      steps.logits(0, logits, 0);
      return logits;
    }
  }

  /** The experts that operators choose, one mixture after the other. */
  private static List<Set<Long>> chosen(Decoder decoder) {
    List<Set<Long>> chosen = new ArrayList<>();
    RouterBalance balance = decoder.routerBalance().orElseThrow();
    balance.listen(ids -> chosen.add(LongStream.of(ids).boxed().collect(Collectors.toSet())));
    try (KvCache cache = decoder.newCache(1, 4);
        Scope scope = Scope.open(decoder.engine());
        Positions positions = decoder.positions(new long[] {1}, 1, 1, cache)) {
      decoder.hidden(Ops.inference(), Tensor.of(new long[] {TOKEN}, 1, 1), positions, false);
    }
    balance.listen(null);
    return chosen;
  }

  private static int spoilOthers(Decoder decoder, List<Set<Long>> chosen) {
    List<ExpertMlp> mixtures = mixtures(decoder);
    assertThat(chosen).hasSameSizeAs(mixtures);
    int spoiled = 0;
    try (Scope scope = Scope.open(decoder.engine())) {
      for (int i = 0; i < mixtures.size(); i++) {
        List<? extends Mlp> experts = mixtures.get(i).experts();
        for (int expert = 0; expert < experts.size(); expert++) {
          if (!chosen.get(i).contains((long) expert)) {
            for (LinearSlot slot : experts.get(expert).linears()) {
              slot.linear()
                  .parameters()
                  .forEach(
                      values -> values.value().copyFrom(Tensor.of(new float[] {Float.NaN}, 1)));
            }
            spoiled++;
          }
        }
      }
    }
    return spoiled;
  }
}

package io.adapt4j.qlora;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.core.exception.EngineException;
import io.adapt4j.core.finetune.FullFineTuning;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.method.Methods;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.Encoder;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.cache.KvCache;
import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.nn.loss.EncoderLoss;
import io.adapt4j.core.internal.nn.loss.LanguageModelLoss;
import io.adapt4j.core.internal.nn.weights.Weights;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.ShapesOnly;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import io.adapt4j.core.internal.tensor.tape.Parameter.Trainable;
import io.adapt4j.core.internal.tokenize.Batch;
import io.adapt4j.core.internal.train.TrainingStep;
import io.adapt4j.core.method.FineTuningMethod;
import io.adapt4j.core.optim.Optimizer;
import io.adapt4j.kernels.internal.FourBitKernels;
import io.adapt4j.kernels.internal.JavaKernels;
import io.adapt4j.kernels.internal.KernelChoice;
import io.adapt4j.lora.Lora;
import io.adapt4j.lora.LoraInit;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * All of a step on one device that is not the CPU, without having one: libtorch's meta device
 * stands in for it. Every operator checks where its tensors are.
 */
class DevicePlacementTest {

  private static final Path FAMILIES = Path.of("..", "core", "fixtures", "families");

  private static final int ROWS = 2;
  private static final int LENGTH = 24;

  /** That of the smallest vocabulary among the families, so that one batch fits all. */
  private static final int VOCABULARY = 40;

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
        step(Lora.rank(4).initialize(LoraInit.pissa()), DType.F32, Optimizer.adamW()));
  }

  private static Arguments step(FineTuningMethod method, DType type, Optimizer optimizer) {
    return Arguments.of(method, type, optimizer);
  }

  @ParameterizedTest
  @MethodSource("steps")
  void aStepMixesNoDevices(FineTuningMethod method, DType type, Optimizer optimizer) {
    try (Decoder decoder = decoder(type);
        Adaptation adaptation = Methods.of(method).attach(decoder, Path.of("base"), 5)) {
      for (boolean recompute : new boolean[] {false, true}) {
        TrainingStep.Settings settings = new TrainingStep.Settings(optimizer, 0.01, 1, recompute);
        try (TrainingStep<Batch> step =
            TrainingStep.ofLanguageModel(decoder, adaptation, settings)) {
          for (Batch batch : List.of(batch(), padded(), packed())) {
            assertThat(step.run(List.of(batch), 7, 1e-3, 1).applied()).isTrue();
          }
        }
      }
      assertThat(adaptation.trained()).isNotEmpty();
      for (Trainable parameter : adaptation.trained()) {
        assertThat(parameter.value().isOnHost()).as(parameter.name()).isFalse();
        assertThat(parameter.gradient().isOnHost()).as(parameter.name()).isFalse();
      }
      for (Parameter parameter : decoder.parameters()) {
        assertThat(parameter.value().isOnHost()).isFalse();
      }
    }
  }

  static Decoder decoder(DType type) {
    String config = FourBitCase.llama(32, 48, 4, 8, 2, VOCABULARY);
    Decoder decoder = Architectures.declareDecoder(ModelConfig.parse(Path.of("config"), config));
    decoder.allocate(type);
    Weights.randomize(decoder, 7);
    return decoder;
  }

  static Batch batch() {
    long[] ids = LongStream.range(0, ROWS * LENGTH).map(i -> i % VOCABULARY).toArray();
    long[] mask = new long[ids.length];
    Arrays.fill(mask, 1);
    return new Batch(ids, mask, ids.clone(), ROWS, LENGTH);
  }

  private static Batch padded() {
    Batch full = batch();
    long[] mask = full.attentionMask().clone();
    long[] labels = full.labels().clone();
    for (int i = LENGTH - 5; i < LENGTH; i++) {
      mask[i] = 0;
      labels[i] = -100;
    }
    return new Batch(full.ids(), mask, labels, ROWS, LENGTH);
  }

  private static Batch packed() {
    Batch full = batch();
    float[] weights = new float[full.labels().length];
    Arrays.fill(weights, 0.5f);
    int[][] documents = {{10, 14}, {20}};
    return new Batch(
        full.ids(), full.attentionMask(), full.labels(), ROWS, LENGTH, documents, weights);
  }

  @ParameterizedTest
  @EnumSource(
      value = DType.class,
      names = {"F32", "BF16"})
  void kernelsOfTheCpuReachTensorsElsewhereThroughTheHost(DType type, @TempDir Path folder) {
    try (QLoraRun run = QLoraRun.open(folder.resolve("base"), type)) {
      for (FourBitKernels kernels : List.of(JavaKernels.INSTANCE, KernelChoice.kernels())) {
        run.read(kernels);
        assertThat(run.train()).containsOnly(0.0);
        assertThat(run.decode()).isNotEmpty();
      }
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = DType.class,
      names = {"F32", "BF16"})
  void generatingMixesNoDevices(DType type) {
    try (Decoder decoder = decoder(type);
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

  static Stream<Path> families() throws IOException {
    try (Stream<Path> folders = Files.list(FAMILIES)) {
      return folders.filter(Files::isDirectory).sorted().toList().stream();
    }
  }

  @ParameterizedTest
  @MethodSource("families")
  void forwardAndBackwardPassOfEveryFamilyMixNoDevices(Path folder) {
    try (Network network = Architectures.declare(ModelConfig.read(folder));
        Checkpoint checkpoint = Checkpoint.open(folder)) {
      network.allocate(DType.F32);
      Weights.load(network, checkpoint);
      network.parameters().forEach(Parameter::train);
      for (boolean recompute : new boolean[] {false, true}) {
        if (network instanceof Decoder decoder) {
          LanguageModelLoss.evaluate(decoder, padded());
          LanguageModelLoss.forwardBackward(decoder, padded(), 1, recompute, 1);
        } else {
          encode((Encoder) network, recompute);
        }
      }
    }
  }

  private static void encode(Encoder encoder, boolean recompute) {
    long[] ids = {5, 9, 12, 0};
    long[] mask = {1, 1, 1, 0};
    long[] types = new long[4];
    long[] labels = encoder.predictsTokens() ? ids : new long[] {1};
    if (encoder.predictsTokens() || encoder.classes() > 0) {
      Batch batch = new Batch(ids, mask, types, labels, 1, 4);
      EncoderLoss.evaluate(encoder, batch);
      EncoderLoss.forwardBackward(encoder, batch, 1, recompute, 1);
      return;
    }
    try (Scope scope = Scope.open();
        Positions positions = encoder.positions(ids, mask, 1, 4)) {
      Tensor tokens = Tensor.of(ids, 1, 4);
      Tensor segments = Tensor.of(types, 1, 4);
      assertThat(encoder.hidden(Ops.inference(), tokens, segments, positions, recompute).isOnHost())
          .isFalse();
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

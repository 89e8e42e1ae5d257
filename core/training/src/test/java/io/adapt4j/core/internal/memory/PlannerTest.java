package io.adapt4j.core.internal.memory;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.Cases;
import io.adapt4j.core.finetune.FullFineTuning;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.method.Methods;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.nn.linear.QuantizedSize;
import io.adapt4j.core.internal.nn.memory.TrainableSummary;
import io.adapt4j.core.internal.nn.weights.WeightSizes;
import io.adapt4j.core.internal.optim.OptimizerStates;
import io.adapt4j.core.internal.plan.Forecast;
import io.adapt4j.core.internal.plan.MemoryEstimate;
import io.adapt4j.core.internal.plan.MemoryItem;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import io.adapt4j.core.optim.Optimizer;
import io.adapt4j.core.plan.Advice;
import io.adapt4j.core.plan.Device;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Predictions against the tensors that exist, and the laws that advice keeps. */
class PlannerTest {

  private static final String LLAMA_65B =
      """
      {"model_type": "llama", "architectures": ["LlamaForCausalLM"], "torch_dtype": "bfloat16",
       "vocab_size": 32000, "hidden_size": 8192, "intermediate_size": 22016,
       "num_hidden_layers": 80, "num_attention_heads": 64, "num_key_value_heads": 64,
       "hidden_act": "silu", "max_position_embeddings": 2048, "rms_norm_eps": 1e-5,
       "tie_word_embeddings": false}
      """;

  private static final long GB = 1_000_000_000;

  static List<Path> families() throws IOException, URISyntaxException {
    Path root = Path.of(Objects.requireNonNull(PlannerTest.class.getResource("/families")).toURI());
    try (Stream<Path> children = Files.list(root)) {
      return children.filter(Files::isDirectory).sorted().toList();
    }
  }

  private static long bytes(Tensor tensor) {
    return tensor.count() * tensor.type().bytes();
  }

  @ParameterizedTest
  @MethodSource("families")
  void weightsMastersAndGradientsAreThoseOfTheTensors(Path family) {
    for (DType type : List.of(DType.F32, DType.BF16)) {
      try (Network network = Architectures.declare(ModelConfig.read(family))) {
        MemoryEstimate found =
            Planner.of(network, FullFineTuning.create())
                .estimate(StepShape.of(2, 8, type, Optimizer.adamW()));
        network.allocate(type);
        try (Adaptation adaptation =
            Methods.of(FullFineTuning.create()).attach(network, family, 1)) {
          long weights = 0;
          long masters = 0;
          long gradients = 0;
          for (Parameter parameter : network.parameters()) {
            weights += bytes(parameter.value());
            masters += parameter.master() == parameter.value() ? 0 : bytes(parameter.master());
            // Values that are never trained have none.
            gradients += parameter.isTrained() ? bytes(parameter.gradient()) : 0;
          }
          assertThat(found.lasting(MemoryNames.WEIGHTS)).isEqualTo(weights);
          assertThat(found.lasting(MemoryNames.MASTERS)).isEqualTo(masters);
          assertThat(found.lasting(MemoryNames.GRADIENTS)).isEqualTo(gradients);
          long values =
              adaptation.trained().stream()
                  .mapToLong(
                      parameter ->
                          OptimizerStates.stateBytes(Optimizer.adamW(), parameter.value().sizes()))
                  .sum();
          assertThat(found.lasting(MemoryNames.OPTIMIZER)).isEqualTo(values);
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("families")
  void smallerStepsNeverPredictMore(Path family) {
    ModelConfig config = ModelConfig.read(family);
    // A single layer is recomputed whole: that saves nothing and costs the layer's input.
    boolean saves = config.fields().optionalInt("num_hidden_layers").orElse(2) > 1;
    try (Network network = Architectures.declare(config)) {
      boolean shorter = true;
      // Each is a pass of its own: by turns, from the smallest batches to the largest.
      int turn = 0;
      int column = 0;
      for (TrainableSummary trainableSummary :
          List.of(TrainableSummary.everything(network), TrainableSummary.lowRank(network, 4))) {
        Planner planner = Planner.of(network, trainableSummary);
        StepShape shape = StepShape.of(1, 16, DType.F32, Optimizer.adamW());
        long before = 0;
        for (int rows = 1; rows <= 1 << 15; rows *= 32) {
          if (!Cases.isTried(turn++, column, 2)) {
            continue;
          }
          long peak = peak(planner, shape.withBatch(rows, 1));
          assertThat(peak).as("%d rows", rows).isGreaterThanOrEqualTo(before);
          StepShape smaller = shape.withBatch(rows, 1);
          assertThat(peak(planner, shorter ? smaller.withLength(8) : smaller.withRecompute(true)))
              .isLessThanOrEqualTo(shorter || saves ? peak : peak + peak / 20);
          shorter = !shorter;
          assertThat(peak(planner, shape.withBatch(rows, 1).withOptimizer(Optimizer.sgd(0))))
              .isLessThanOrEqualTo(peak);
          before = peak;
        }
        column++;
      }
    }
  }

  @Test
  void gapsOfAForwardPassCountWhereNothingThatComesLaterIsLarger() {
    try (Network network = Architectures.declare(llama65b())) {
      Planner planner = Planner.of(network, TrainableSummary.lowRank(network, 4));
      StepShape shape = StepShape.of(1, 512, DType.BF16, Optimizer.adamW());
      List<MemoryItem> items = training(planner, shape);
      long kept = bytes(items, "activations kept");
      assertThat(bytes(items, "gaps of the forward pass")).isEqualTo((long) (0.15 * kept));
      assertThat(items).extracting(MemoryItem::name).doesNotContain("a layer at work");
      assertThat(training(planner, shape.withRecompute(true)))
          .extracting(MemoryItem::name)
          .contains("a layer at work")
          .doesNotContain("gaps of the forward pass");
    }
  }

  private static List<MemoryItem> training(Planner planner, StepShape shape) {
    return planner.estimate(shape).phases().stream()
        .filter(phase -> phase.name().equals("forward and backward"))
        .flatMap(phase -> phase.items().stream())
        .toList();
  }

  private static long bytes(List<MemoryItem> items, String name) {
    return items.stream()
        .filter(item -> item.name().equals(name))
        .mapToLong(MemoryItem::bytes)
        .sum();
  }

  private static long peak(Planner planner, StepShape shape) {
    return planner.estimate(shape).peakBytes();
  }

  @Test
  void aModelThatIsOnlyAConfigurationIsPlanned() {
    Planner planner = Planner.of(llama65b(), FullFineTuning.create());
    MemoryEstimate found = planner.estimate(StepShape.of(1, 512, DType.BF16, Optimizer.adamW()));
    long parameters = 65_285_660_672L;
    assertThat(found.lasting(MemoryNames.WEIGHTS)).isEqualTo(2 * parameters);
    assertThat(found.lasting(MemoryNames.MASTERS)).isEqualTo(4 * parameters);
    assertThat(found.lasting(MemoryNames.GRADIENTS)).isEqualTo(4 * parameters);
  }

  @Test
  void a65bModelFitsALargeGraphicsProcessorOnlyWithFourBits() {
    Network network = Architectures.declare(llama65b());
    Planner planner = Planner.of(network, TrainableSummary.lowRank(network, 16));
    StepShape shape = StepShape.of(1, 512, DType.BF16, Optimizer.adamW8bit()).withRecompute(true);
    Device device = Device.gpu("48 GB", 48 * GB);
    Forecast found = planner.forecast(shape, device);
    assertThat(found.fits()).isFalse();
    assertThat(found.advice())
        .filteredOn(Advice::fits)
        .singleElement()
        .satisfies(advice -> assertThat(advice.change()).startsWith("QLoRA"));
    WeightSizes halfBytes =
        (part, in) -> Optional.of(new QuantizedSize(part.width() * in / 2, 0, 0));
    Planner packed = Planner.of(network, TrainableSummary.lowRank(network, 16), halfBytes);
    assertThat(packed.forecast(shape, device).fits()).isTrue();
  }

  private static ModelConfig llama65b() {
    return ModelConfig.parse(Path.of("llama-65b/config.json"), LLAMA_65B);
  }

  @Test
  void adviceIsSmallerThanTheRunAndKeepsItsPromise() {
    Network network = Architectures.declare(llama65b());
    Planner planner = Planner.of(network, FullFineTuning.create());
    StepShape shape = StepShape.of(64, 2048, DType.BF16, Optimizer.adamW());
    long peak = peak(planner, shape);
    for (long bytes = peak; bytes > 20 * GB; bytes = bytes * 3 / 4) {
      Device device = Device.cpu("a machine", bytes);
      Forecast found = planner.forecast(shape, device);
      assertThat(found.fits()).isEqualTo(bytes >= peak);
      for (Advice advice : found.advice()) {
        assertThat(advice.bytes()).as(advice.change()).isLessThan(peak);
        assertThat(advice.fits()).as(advice.change()).isEqualTo(advice.bytes() <= bytes);
      }
      boolean alone = found.advice().stream().anyMatch(Advice::fits);
      found.together().ifPresent(advice -> assertThat(advice.fits()).isTrue());
      assertThat(alone && found.together().isPresent()).isFalse();
    }
  }

  @Test
  void severalMicroBatchesNeedOneMoreValueForEachThatTrains() {
    Network network = Architectures.declare(llama65b());
    TrainableSummary lora = TrainableSummary.lowRank(network, 16);
    Planner planner = Planner.of(network, lora);
    StepShape shape = StepShape.of(8, 128, DType.BF16, Optimizer.adamW());
    long one = planner.estimate(shape).lasting("sums of gradients");
    long two = planner.estimate(shape.withBatch(8, 2)).lasting("sums of gradients");
    assertThat(one).isZero();
    assertThat(two).isEqualTo(planner.estimate(shape).lasting("gradients"));
  }

  @Test
  void aSmallerBatchKeepsTheExamplesOfAStep() {
    Network network = Architectures.declare(llama65b());
    Planner planner = Planner.of(network, TrainableSummary.lowRank(network, 16));
    StepShape shape = StepShape.of(64, 2048, DType.BF16, Optimizer.adamW());
    Device device = Device.cpu("a machine", peak(planner, shape.withBatch(8, 8)));
    Advice first = planner.forecast(shape, device).advice().get(0);
    assertThat(first.change()).isEqualTo("batchSize(8) with gradientAccumulation(8)");
    assertThat(first.fits()).isTrue();
    assertThat(first.bytes()).isEqualTo(peak(planner, shape.withBatch(8, 8)));
  }

  @Test
  void aForecastIsReadByPeopleAndPrograms() {
    Network network = Architectures.declare(llama65b());
    Planner planner = Planner.of(network, FullFineTuning.create());
    Forecast found =
        planner.forecast(
            StepShape.of(2, 128, DType.BF16, Optimizer.adamW()), Device.cpu("small", 64 * GB));
    assertThat(found.text())
        .contains("weights", "130.57 GB", "predicted peak", "does not fit small (64.00 GB)")
        .contains("LoRA of rank 16 instead: ");
    assertThat(Json.written(found.json()).path("fits").booleanValue()).isFalse();
    assertThat(Json.written(found.json()).path("peakBytes").longValue())
        .isEqualTo(found.memory().peakBytes());
    assertThat(Json.written(found.json()).path("lasting").path("weights").longValue())
        .isEqualTo(130_571_321_344L);
  }

  @Test
  void readingPromptsMakesLogitsOfTheirLastPositionsAlone() {
    Planner planner = small().generating(16, 256, 32);
    StepShape shape = StepShape.of(2, 288, DType.F32, Optimizer.adamW());
    long loss =
        planner.estimate(shape).phases().stream()
            .filter(phase -> phase.name().equals("generation"))
            .flatMap(phase -> phase.items().stream())
            .filter(item -> item.name().equals("loss over the vocabulary"))
            .mapToLong(MemoryItem::bytes)
            .sum();
    assertThat(loss).isEqualTo(16L * 256 * 64 * 4 + 16L * 32000 * 4);
  }

  @Test
  void aLayerAndTheLossCountOneAfterTheOther() {
    StepShape shape = StepShape.of(2, 288, DType.F32, Optimizer.adamW());
    assertThat(itemsOfAStep(shape, Device.Kind.CPU))
        .contains("loss over the vocabulary")
        .doesNotContain("a layer at work", "gaps");
    assertThat(itemsOfAStep(shape, Device.Kind.GPU)).contains("gaps");
  }

  private static List<String> itemsOfAStep(StepShape shape, Device.Kind kind) {
    return small().estimate(shape, kind).phases().stream()
        .filter(phase -> phase.name().equals("forward and backward"))
        .flatMap(phase -> phase.items().stream())
        .map(MemoryItem::name)
        .toList();
  }

  @Test
  void eachLengthOfABatchBringsKernelsInBfloat16AsFarAsTheyAreRemembered() {
    long value = process(small(), DType.BF16);
    long four = process(small().ofLengths(4), DType.BF16);
    long many = process(small().ofLengths(300), DType.BF16);
    assertThat(process(small().ofLengths(4), DType.F32)).isEqualTo(value);
    assertThat(four - value).isBetween(10_000_000L, 60_000_000L);
    assertThat(many).isGreaterThan(four);
    assertThat(process(small().ofLengths(1000), DType.BF16)).isEqualTo(many);
  }

  private static long process(Planner planner, DType type) {
    return planner
        .estimate(StepShape.of(2, 64, type, Optimizer.adamW()))
        .lasting(MemoryNames.PROCESS);
  }

  @Test
  void drawingFillsTheHeapAsFarAsTheYoungGenerationGoes() {
    JavaHeap heap = new JavaHeap(400_000_000);
    long still = heap.resident(0, 0, false, false, false, 0);
    long drawn = heap.resident(100, 8_000, false, false, true, 0);
    assertThat(drawn).isGreaterThan(heap.resident(100, 0, false, false, true, 0));
    assertThat(heap.resident(100, 8_000, true, false, true, 0)).isGreaterThan(drawn);
    assertThat(heap.resident(100, 8_000, false, true, true, 0)).isGreaterThan(drawn);
    assertThat(heap.resident(100, 1_000_000, true, false, true, 5)).isEqualTo(240_000_005);
    assertThat(drawn).isGreaterThan(still);
  }

  private static Planner small() {
    Network network =
        Architectures.declare(
            ModelConfig.parse(
                Path.of("small/config.json"),
                LLAMA_65B
                    .replace("8192", "64")
                    .replace("22016", "128")
                    .replace(": 80", ": 2")
                    .replace(": 64,", ": 4,")
                    .replace("\"hidden_size\": 4", "\"hidden_size\": 64")));
    return Planner.of(network, TrainableSummary.lowRank(network, 4));
  }
}

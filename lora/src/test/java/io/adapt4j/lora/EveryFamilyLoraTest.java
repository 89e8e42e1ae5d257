package io.adapt4j.lora;

import static io.adapt4j.core.internal.nn.TestNetworks.network;
import static io.adapt4j.lora.LoraCase.distance;
import static io.adapt4j.lora.LoraCase.outputs;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.adapt4j.core.Cases;
import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.SequenceToSequenceModel;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.generate.SequenceOptions;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.method.ForwardPass;
import io.adapt4j.core.internal.method.MethodMechanics;
import io.adapt4j.core.internal.method.Methods;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.Encoder;
import io.adapt4j.core.internal.nn.EncoderDecoder;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.SequenceInputs;
import io.adapt4j.core.internal.nn.adapter.AdapterMechanics;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.nn.linear.AttachedAdapter;
import io.adapt4j.core.internal.nn.loss.EncoderLoss;
import io.adapt4j.core.internal.nn.loss.LanguageModelLoss;
import io.adapt4j.core.internal.nn.loss.SequenceLoss;
import io.adapt4j.core.internal.tokenize.Batch;
import io.adapt4j.core.internal.train.TrainingStep;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.optim.Optimizer;
import io.adapt4j.lora.internal.layer.AdaptedPart;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The life of a LoRA adapter on a model of every family: trained, saved, loaded, merged, used. */
class EveryFamilyLoraTest {

  private static final int LENGTH = 8;
  private static final long[] IDS = LoraCase.ids(LENGTH, 12);
  private static final long[] MASK = {1, 1, 1, 1, 1, 1, 1, 1};
  private static final Path RESOURCES = Path.of("..", "core", "fixtures");

  @TempDir private Path folder;

  static List<Path> families() throws IOException {
    try (Stream<Path> decoders = Files.list(RESOURCES.resolve("families"));
        Stream<Path> sequences = Files.list(RESOURCES.resolve("sequences"))) {
      return Stream.concat(decoders, sequences)
          .filter(Files::isDirectory)
          // Hidden states alone have no loss.
          .filter(path -> !path.toString().endsWith("_features"))
          .sorted()
          .toList();
    }
  }

  @ParameterizedTest
  @MethodSource("families")
  void anAdapterIsTrainedSavedLoadedMergedAndUsed(Path base) {
    Path adapter = folder.resolve("adapter");
    Path merged = folder.resolve("merged");
    float[] plain;
    float[] trained;
    try (Network network = network(base)) {
      plain = outputs(network, IDS);
      try (Adaptation adaptation = Methods.of(Lora.rank(2)).attach(network, base, 1)) {
        train(network, adaptation);
        trained = outputs(network, IDS);
        assertThat(trained).isNotEqualTo(plain);
        adaptation.save(adapter);
      }
      try (AttachedAdapter attached =
          AdapterMechanics.of(LoraAdapter.at(adapter)).attach(network)) {
        assertThat(outputs(network, IDS)).isEqualTo(trained);
      }
    }
    LoraAdapter.at(adapter).writeMerged(base, merged);
    try (Network written = network(merged)) {
      assertThat(distance(outputs(written, IDS), trained)).isCloseTo(0, within(1e-4));
    }
    if (!(Architectures.declare(ModelConfig.read(base)) instanceof Encoder)) {
      assertThat(texts(merged)).isDeepEqualTo(texts(base, LoraAdapter.at(adapter)));
    }
  }

  /** Every third: what EVA does is the same in all, and its layers are those of the test above. */
  static List<Path> everyThird() throws IOException {
    List<Path> all = families();
    return all.stream().filter(path -> Cases.isTried(all.indexOf(path), 0, 3)).toList();
  }

  @ParameterizedTest
  @MethodSource("everyThird")
  void evaStartsAtTheBaseWithTheSameSumOfRanks(Path base) {
    MethodMechanics eva =
        Methods.of(Lora.rank(2).initialize(new LoraInit.Eva(2, 0.8, true, false, true)));
    try (Network network = network(base)) {
      assumeThat(eva.problems(network, base)).isEmpty();
      float[] plain = outputs(network, IDS);
      float[] started;
      try (Adaptation adaptation = eva.attach(network, base, 1)) {
        adaptation.initialize(
            Stream.iterate(1, pass -> pass + 1)
                .map(pass -> Arrays.stream(IDS).map(id -> 4 + id * pass % 12).toArray())
                .map(ids -> new ForwardPass(() -> outputs(network, ids), Optional.empty()))
                .iterator());
        assertThat(outputs(network, IDS)).isEqualTo(plain);
        train(network, adaptation);
        started = outputs(network, IDS);
        assertThat(started).isNotEqualTo(plain);
        adaptation.save(folder);
      }
      assertThat(outputs(network, IDS)).isEqualTo(plain);
      AdapterConfig stored = LoraFields.read(folder);
      AdapterConfig even =
          Lora.rank(2).config().with(draft -> draft.modulesToSave = stored.modulesToSave());
      assertThat(
              AdapterPlan.of(stored, network).adapted().stream().mapToInt(AdaptedPart::rank).sum())
          .isEqualTo(
              AdapterPlan.of(even, network).adapted().stream().mapToInt(AdaptedPart::rank).sum());
      try (AttachedAdapter attached = AdapterMechanics.of(LoraAdapter.at(folder)).attach(network)) {
        assertThat(outputs(network, IDS)).isEqualTo(started);
      }
    }
  }

  private static int[][] texts(Path base, LoraAdapter... adapters) {
    List<int[]> prompts = List.of(new int[] {4, 11, 18, 7}, new int[] {5, 9, 6});
    ModelSource source = ModelSource.path(base);
    if (Architectures.declare(ModelConfig.read(base)) instanceof EncoderDecoder) {
      try (SequenceToSequenceModel model =
          SequenceToSequenceModel.load(source, Precision.FP32, adapters)) {
        SequenceOptions options = SequenceOptions.builder().maxNewTokens(5).ignoreEos(true).build();
        return model.generateIds(prompts, options).toArray(int[][]::new);
      }
    }
    try (LanguageModel model = LanguageModel.load(source, Precision.FP32, adapters)) {
      GenerationOptions options =
          GenerationOptions.greedy().toBuilder().maxNewTokens(5).ignoreEos(true).build();
      return model.generateIds(prompts, options).toArray(int[][]::new);
    }
  }

  private static void train(Network network, Adaptation adaptation) {
    TrainingStep.Settings settings = new TrainingStep.Settings(Optimizer.adamW(), 0, 1, false);
    try (TrainingStep<long[]> steps =
        new TrainingStep<>(
            (ids, scale, recompute, seed) -> loss(network, ids, scale, recompute, seed),
            adaptation,
            settings)) {
      for (int step = 0; step < 2; step++) {
        assertThat(steps.run(List.of(IDS), LENGTH, 1e-2, step).applied()).isTrue();
      }
    }
  }

  private static double loss(
      Network network, long[] ids, double scale, boolean recompute, long seed) {
    if (network instanceof EncoderDecoder both) {
      SequenceInputs inputs = new SequenceInputs(ids, MASK, ids, 1, LENGTH);
      return SequenceLoss.forwardBackward(both, inputs, 0, scale, recompute, seed);
    }
    if (network instanceof Decoder decoder) {
      return LanguageModelLoss.forwardBackward(
          decoder, new Batch(ids, MASK, ids, 1, LENGTH), scale, recompute, seed);
    }
    Encoder encoder = (Encoder) network;
    long[] labels = ids;
    if (encoder.classes() > 0) {
      labels = encoder.classifiesTokens() ? new long[LENGTH] : new long[1];
    }
    Batch inputs = new Batch(ids, MASK, new long[LENGTH], labels, 1, LENGTH);
    return EncoderLoss.forwardBackward(encoder, inputs, scale, recompute, seed);
  }
}

package io.adapt4j.gguf;

import static io.adapt4j.core.Floats.largest;
import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.inspect.ModelInfo;
import io.adapt4j.core.internal.generate.Generator;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.method.Methods;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.DecoderSteps;
import io.adapt4j.core.internal.nn.StepKernels;
import io.adapt4j.core.internal.nn.cache.KvCache;
import io.adapt4j.core.internal.nn.linear.QuantizedLinear;
import io.adapt4j.core.internal.nn.loss.LanguageModelLoss;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.tape.Parameter.Trainable;
import io.adapt4j.core.internal.tokenize.Batch;
import io.adapt4j.core.method.WeightFormat;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.tokenize.Tokenizer;
import io.adapt4j.lora.Lora;
import io.adapt4j.lora.LoraAdapter;
import io.adapt4j.qlora.Quantization;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** GGUF files as models to run and to train over. */
class GgufBaseTest {

  @TempDir private static Path shared;

  private static Path checkpoint;

  @TempDir private Path temporary;

  @BeforeAll
  static void writeModel() {
    System.setProperty("adapt4j.model.files", shared.resolve("files").toString());
    checkpoint = TestModels.random(shared.resolve("random"));
  }

  private static Path file(GgufQuantization type) {
    Path file = shared.resolve(type + ".gguf");
    if (!Files.exists(file)) {
      GgufExport export = GgufExport.of(checkpoint).type(type);
      if (type.needsImportance()) {
        List<Example> texts = List.of(new Example.Text("Once upon a time there was a little dog."));
        export.importance(
            ImportanceMatrix.measure(ModelSource.path(checkpoint), Datasets.of(texts)));
      }
      export.to(file);
    }
    return file;
  }

  private static Path folder(GgufQuantization type) {
    return ModelSource.path(file(type)).folder();
  }

  /** Few tokens are multiplied by the blocks, many by the dequantized weight. */
  @ParameterizedTest
  @EnumSource(GgufQuantization.class)
  void aFileOfEveryTypeComputesAsItsDequantizedWeights(GgufQuantization type) {
    try (Decoder blocks = TestModels.load(folder(type));
        Decoder plain = TestModels.dequantized(folder(type))) {
      for (int tokens : new int[] {1, 3, 8, 40}) {
        assertThat(TestModels.logits(blocks, tokens))
            .containsExactly(TestModels.logits(plain, tokens), within(2e-4f));
      }
    }
  }

  @Test
  void aFileInFp32ComputesAsItsCheckpoint() {
    try (Decoder original = TestModels.load(checkpoint);
        Decoder file = TestModels.load(folder(GgufQuantization.F32))) {
      assertThat(TestModels.logits(file, 20))
          .containsExactly(TestModels.logits(original, 20), within(1e-5f));
    }
  }

  @Test
  void linearWeightsAreHeldInTheBlocksOfTheFile() {
    TestModels.needTheLibrary();
    try (Decoder decoder = TestModels.load(folder(GgufQuantization.Q4_K_M))) {
      long weights = decoder.packedLinears().stream().mapToLong(QuantizedLinear::packedCount).sum();
      long bytes = decoder.packedLinears().stream().mapToLong(QuantizedLinear::packedBytes).sum();
      assertThat(decoder.packedLinears()).hasSize(3 * 4);
      assertThat(8.0 * bytes / weights).isBetween(4.5, 5.7);
    }
  }

  /** A step runs on the blocks of the head as well. */
  @ParameterizedTest
  @EnumSource(
      value = GgufQuantization.class,
      names = {"Q8_0", "Q4_K_M"})
  void greedyTextIsThatOfTheDequantizedWeights(GgufQuantization type) {
    List<int[]> prompts = List.of(new int[] {1, 20, 30, 40}, new int[] {1, 300});
    GenerationOptions options =
        GenerationOptions.builder().temperature(0).maxNewTokens(20).ignoreEos(true).build();
    List<int[]> found;
    try (LanguageModel model = LanguageModel.load(ModelSource.path(file(type)))) {
      found = model.generateIds(prompts, options);
    }
    try (Decoder plain = TestModels.dequantized(folder(type))) {
      for (int i = 0; i < prompts.size(); i++) {
        assertThat(found.get(i)).isEqualTo(greedy(plain, prompts.get(i), 20));
      }
    }
  }

  /** Prompts and scores do not round; a step does. */
  @ParameterizedTest
  @EnumSource(GgufQuantization.class)
  void activationsMayBeRoundedWhileDecoding(GgufQuantization type) {
    TestModels.needTheLibrary();
    WeightFormat rounded = WeightFormat.int8Activations(WeightFormat.asStored());
    try (Decoder plain = TestModels.load(folder(type));
        Decoder rounding = TestModels.load(folder(type), rounded)) {
      assertThat(TestModels.logits(rounding, 12)).isEqualTo(TestModels.logits(plain, 12));
      float[] wanted = step(plain);
      double off = TestModels.difference(step(rounding), wanted);
      if (type.isConverted() && type != GgufQuantization.Q8_0) {
        assertThat(off).as("no blocks").isZero();
      } else {
        // Weights of 2 bits are differences of larger products, whose rounding counts more.
        assertThat(off).isBetween(1e-4, type == GgufQuantization.Q2_K ? 0.05 : 0.03);
      }
    }
  }

  private static float[] step(Decoder decoder) {
    float[] logits = new float[decoder.dimensions().vocabularySize()];
    try (KvCache cache = decoder.newCache(1, 8);
        DecoderSteps steps = StepKernels.prepared(decoder, cache, 4).orElseThrow()) {
      steps.run(
          IntStream.range(0, 4)
              .mapToObj(i -> new DecoderSteps.Token(20 + i, 0, i, 0, i == 3))
              .toList());
      steps.logits(0, logits, 0);
    }
    return logits;
  }

  private static int[] greedy(Decoder decoder, int[] prompt, int count) {
    Generator generator = new Generator(decoder, Optional.empty(), Set.of());
    return generator
        .generate(
            List.of(prompt), GenerationOptions.builder().temperature(0).maxNewTokens(count).build())
        .get(0)
        .tokenIds()
        .stream()
        .mapToInt(Integer::intValue)
        .toArray();
  }

  /** Its blocks are those of other values. */
  @Test
  void aHeadThatWasTrainedTakesTheirPlace() {
    Path folder = folder(GgufQuantization.Q4_K_M);
    int[] prompt = {1, 20, 30, 40};
    try (Decoder decoder = TestModels.load(folder)) {
      int[] before = greedy(decoder, prompt, 20);
      try (Adaptation adaptation =
          Methods.of(Lora.rank(2).modulesToSave("lm_head")).attach(decoder, folder, 1)) {
        for (Trainable trained : adaptation.trained()) {
          if (trained.name().contains("lm_head")) {
            try (Tensor turned = trained.value().scaled(-1)) {
              trained.value().copyFrom(turned);
            }
          }
        }
        adaptation.refresh();
        int[] found = greedy(decoder, prompt, 20);
        System.setProperty("adapt4j.kernels.steps", "off");
        try {
          assertThat(found).isEqualTo(greedy(decoder, prompt, 20)).isNotEqualTo(before);
        } finally {
          System.clearProperty("adapt4j.kernels.steps");
        }
      }
      assertThat(greedy(decoder, prompt, 20)).as("when it is gone").isEqualTo(before);
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = GgufQuantization.class,
      names = {"Q8_0", "Q4_0", "Q4_K_M", "Q6_K"})
  void gradientsOfAnAdapterAreThoseOverTheDequantizedWeights(GgufQuantization type) {
    long before = Tensor.live();
    try (Decoder blocks = TestModels.load(folder(type));
        Decoder plain = TestModels.dequantized(folder(type))) {
      Map<String, float[]> wanted = gradients(plain, folder(type), false);
      for (boolean recompute : new boolean[] {false, true}) {
        Map<String, float[]> found = gradients(blocks, folder(type), recompute);
        assertThat(found.keySet()).isEqualTo(wanted.keySet());
        wanted.forEach(
            (name, gradient) -> {
              float largest = largest(gradient);
              assertThat(largest).as(name).isPositive();
              assertThat(found.get(name))
                  .as(name)
                  .containsExactly(gradient, within(3e-5f * largest));
            });
      }
    }
    assertThat(Tensor.live()).isEqualTo(before);
  }

  private static Map<String, float[]> gradients(Decoder decoder, Path base, boolean recompute) {
    try (Adaptation adaptation = Methods.of(Lora.rank(4)).attach(decoder, base, 3)) {
      SplittableRandom random = new SplittableRandom(11);
      for (Trainable trained : adaptation.trained()) {
        float[] values = new float[(int) trained.value().count()];
        for (int i = 0; i < values.length; i++) {
          values[i] = (float) (0.1 * random.nextGaussian());
        }
        try (Tensor drawn = Tensor.of(values, trained.value().sizes())) {
          trained.value().copyFrom(drawn);
        }
      }
      adaptation.refresh();
      long[] ids = TestModels.ids(decoder, 24);
      long[] mask = new long[24];
      Arrays.fill(mask, 1);
      LanguageModelLoss.forwardBackward(
          decoder, new Batch(ids, mask, ids.clone(), 1, 24), 1, recompute, 5);
      Map<String, float[]> gradients = new LinkedHashMap<>();
      adaptation
          .trained()
          .forEach(trained -> gradients.put(trained.name(), trained.gradient().toFloats()));
      return gradients;
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = GgufQuantization.class,
      names = {"Q8_0", "Q4_K_M"})
  void anAdapterTrainsOverAFileAndNamesIt(GgufQuantization type) throws IOException {
    TestModels.needTheLibrary();
    Path file = temporary.resolve("stories.gguf");
    GgufExport.of(checkpoint).type(type).to(file);
    Path output = temporary.resolve("run");
    FineTuner tuner =
        FineTuner.builder()
            .model(ModelSource.path(file))
            .dataset(Datasets.of(rows()))
            .method(Lora.rank(4))
            .maxSteps(30)
            .batchSize(4)
            .learningRate(5e-3)
            .output(output)
            .build();
    assertThat(tuner.plan().toString()).contains("quantized weights");
    tuner.run();
    Path adapter = output.resolve("last");
    assertThat(Files.readString(adapter.resolve("adapter_config.json")))
        .contains("\"base_model_name_or_path\": \"" + file + "\"");
    assertThat(Files.readString(output.resolve("provenance.json"))).contains("stories.gguf");
    double before = score(file);
    double after = score(file, LoraAdapter.at(adapter));
    assertThat(after).isGreaterThan(before + 1);
  }

  private static List<Example> rows() {
    List<Example> rows = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      rows.add(new Example.Text("Lily met a robot and the robot said hello to Lily."));
    }
    return rows;
  }

  private static double score(Path file, LoraAdapter... adapters) {
    try (LanguageModel model = LanguageModel.load(ModelSource.path(file), adapters)) {
      double sum = 0;
      for (double logProbability :
          model.score("Lily met", " a robot and the robot said hello").logProbabilities()) {
        sum += logProbability;
      }
      return sum;
    }
  }

  @Test
  void inspectingTellsWhatTheFileStores() {
    ModelInfo info = ModelInfo.read(folder(GgufQuantization.Q4_K_M));
    assertThat(info.toString())
        .contains(file(GgufQuantization.Q4_K_M).toString())
        .contains("Q4_K", "Q6_K", "llama", "supported       yes");
  }

  @Test
  void tokensAreThoseOfTheOriginalTokenizer() {
    Path file = temporary.resolve("stories.gguf");
    GgufExport.of(checkpoint).type(GgufQuantization.Q8_0).to(file);
    try (Tokenizer original = Tokenizer.load(TestModels.TOKENIZER);
        Tokenizer found = Tokenizer.load(ModelSource.path(file).folder())) {
      for (String text :
          List.of(
              "Once upon a time, there was a little girl named Lily.",
              "  two  spaces\n\n and\ttabs 1234567890",
              "\u00e9t\u00e9 \u6f22\u5b57 \ud83d\ude42 <s> </s>",
              "")) {
        int[] ids = original.encode(text, true);
        assertThat(found.encode(text, true)).as(text).isEqualTo(ids);
        assertThat(found.decode(ids, true)).isEqualTo(original.decode(ids, true));
      }
      assertThat(found.bosId()).isEqualTo(original.bosId());
      assertThat(found.eosId()).isEqualTo(original.eosId());
    }
  }

  /** Another format is made of the dequantized weights. */
  @Test
  void aFileCanBeHeldInAnotherFormat() {
    Path folder = folder(GgufQuantization.Q8_0);
    try (LanguageModel model =
        LanguageModel.load(ModelSource.path(file(GgufQuantization.Q8_0)), Quantization.nf4())) {
      assertThat(
              model.generateIds(
                  List.of(new int[] {1, 5}),
                  GenerationOptions.builder().maxNewTokens(3).ignoreEos(true).build()))
          .hasSize(1);
    }
    assertThat(folder).isDirectory();
  }

  @Test
  void aDamagedFileIsRefused() throws IOException {
    Path damaged = temporary.resolve("damaged.gguf");
    byte[] bytes = Files.readAllBytes(file(GgufQuantization.Q8_0));
    Files.write(damaged, Arrays.copyOf(bytes, 5000));
    refuses(
        CheckpointException.class, () -> ModelSource.path(damaged).folder(), damaged.toString());
    Path adapter = temporary.resolve("adapter.gguf");
    Files.writeString(adapter, "no file of this kind");
    refuses(CheckpointException.class, () -> LanguageModel.load(ModelSource.path(adapter)));
  }

  @Test
  void aFileThatIsWrittenAgainIsReadAgain() throws IOException {
    Path file = temporary.resolve("model.gguf");
    Files.copy(file(GgufQuantization.Q8_0), file);
    Path folder = ModelSource.path(file).folder();
    assertThat(Files.readString(folder.resolve("config.json"))).contains("\"hidden_size\": 256");
    GgufExport.of(TestModels.random(temporary.resolve("other"), 64)).to(file);
    assertThat(ModelSource.path(file).folder()).isEqualTo(folder);
    assertThat(Files.readString(folder.resolve("config.json"))).contains("\"hidden_size\": 64");
    Files.move(file, temporary.resolve("gone"), StandardCopyOption.REPLACE_EXISTING);
    Path another = temporary.resolve("another.gguf");
    Files.copy(file(GgufQuantization.F16), another);
    assertThat(ModelSource.path(another).folder()).isDirectory();
    assertThat(folder).as("of a file that is gone").doesNotExist();
  }
}

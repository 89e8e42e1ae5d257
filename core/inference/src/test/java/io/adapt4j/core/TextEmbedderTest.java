package io.adapt4j.core;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.checkpoint.SafetensorsWriter;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.checkpoint.TensorData;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.adapter.AdapterMechanics;
import io.adapt4j.core.internal.nn.head.Pooling;
import io.adapt4j.core.internal.nn.linear.AttachedAdapter;
import io.adapt4j.core.internal.nn.memory.TrainableSummary;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Embeddings of a small BERT, against its hidden states pooled by hand. */
class TextEmbedderTest {

  private static final float TOLERANCE = 1e-5f;
  private static final String TEXT = "the cat sat on the mat";

  @TempDir private Path folder;

  private static float[][] hiddenOfText(Path folder) {
    return SmallEncoder.hidden(folder, SmallEncoder.ids("the", "cat", "sat", "on", "the", "mat"));
  }

  @Test
  void aPlainEncoderGivesTheMeanOverTokensScaledToLengthOne() throws IOException {
    SmallEncoder.write(folder);
    try (TextEmbedder embedder = load()) {
      assertClose(embedder.embed(TEXT), normalized(pooled(Pooling.MEAN, hiddenOfText(folder), 0)));
      assertThat(embedder.dimension()).isEqualTo(SmallEncoder.HIDDEN);
      assertThat(embedder.prompts()).isEmpty();
    }
  }

  @ParameterizedTest
  @EnumSource(Pooling.class)
  void poolingAndNormalizationCanBeChosen(Pooling pooling) throws IOException {
    SmallEncoder.write(folder);
    EmbeddingOptions options =
        EmbeddingOptions.builder()
            .precision(Precision.FP32)
            .pooling(io.adapt4j.core.Pooling.valueOf(pooling.name()))
            .normalize(false)
            .build();
    try (TextEmbedder embedder = TextEmbedder.load(ModelSource.path(folder), options)) {
      assertClose(embedder.embed(TEXT), pooled(pooling, hiddenOfText(folder), 0));
      // Beside a longer text the row is padded.
      List<float[]> batch = embedder.embedAll(List.of(TEXT + " " + TEXT, TEXT));
      assertClose(batch.get(1), pooled(pooling, hiddenOfText(folder), 0));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "pooling_mode_cls_token, cls, FIRST",
    "pooling_mode_max_tokens, max, MAX",
    "pooling_mode_mean_tokens, mean, MEAN",
    "pooling_mode_mean_sqrt_len_tokens, mean_sqrt_len_tokens, MEAN_SQRT",
    "pooling_mode_weightedmean_tokens, weightedmean, WEIGHTED_MEAN",
    "pooling_mode_lasttoken, lasttoken, LAST"
  })
  void everyPoolingOfAFolderIsReadUnderBothOfItsNames(String field, String name, Pooling pooling)
      throws IOException {
    SmallEncoder.write(folder);
    modules("Transformer:", "Pooling:1_Pooling", "Normalize:2_Normalize");
    float[] expected = normalized(pooled(pooling, hiddenOfText(folder), 0));
    String mean = pooling == Pooling.MEAN ? "" : "\"pooling_mode_mean_tokens\": false, ";
    for (String fields :
        List.of(mean + "\"" + field + "\": true", "\"pooling_mode\": \"" + name + "\"")) {
      pooling(fields);
      try (TextEmbedder embedder = load()) {
        assertClose(embedder.embed(TEXT), expected);
      }
    }
  }

  @Test
  void severalPoolingsOfAFolderStandSideBySide() throws IOException {
    SmallEncoder.write(folder);
    modules("Transformer:", "Pooling:1_Pooling");
    pooling("\"pooling_mode_mean_tokens\": true, \"pooling_mode_max_tokens\": true");
    try (TextEmbedder embedder = load()) {
      float[][] hidden = hiddenOfText(folder);
      assertThat(embedder.dimension()).isEqualTo(2 * SmallEncoder.HIDDEN);
      assertClose(
          embedder.embed(TEXT),
          joined(pooled(Pooling.MAX, hidden, 0), pooled(Pooling.MEAN, hidden, 0)));
    }
  }

  @Test
  void modulesInFoldersAreRunInTheirOrder() throws IOException {
    Path network = SmallEncoder.write(folder.resolve("0_Transformer"));
    modules(
        "Transformer:0_Transformer",
        "Pooling:1_Pooling",
        "Dense:2_Dense",
        "Dropout:3_Dropout",
        "Normalize:4_Normalize");
    pooling("\"pooling_mode_mean_tokens\": false, \"pooling_mode_cls_token\": true");
    float[] weight = new float[2 * SmallEncoder.HIDDEN];
    weight[0] = 1;
    weight[SmallEncoder.HIDDEN + 1] = 2;
    dense(weight, new float[] {0.5f, -0.5f});
    try (TextEmbedder embedder = load()) {
      float[] first = hiddenOfText(network)[0];
      float[] expected = {(float) Math.tanh(first[0] + 0.5), (float) Math.tanh(2 * first[1] - 0.5)};
      assertThat(embedder.dimension()).isEqualTo(2);
      assertClose(embedder.embed(TEXT), normalized(expected));
    }
  }

  @Test
  void eachTextOfABatchIsEmbeddedAsItIsAlone() throws IOException {
    SmallEncoder.write(folder);
    List<String> words = List.of("cat", "dog", "red", "blue", "fast", "slow");
    List<String> texts =
        IntStream.range(0, 200)
            .mapToObj(
                i ->
                    String.join(
                        " ",
                        IntStream.range(0, i * 7 % 29)
                            .mapToObj(j -> words.get((i + j * j) % words.size()))
                            .toList()))
            .toList();
    try (TextEmbedder embedder = load()) {
      List<float[]> batch = embedder.embedAll(texts);
      assertThat(batch).hasSameSizeAs(texts);
      for (int i = 0; i < texts.size(); i++) {
        assertClose(batch.get(i), embedder.embed(texts.get(i)));
      }
      assertThat(embedder.embedAll(List.of())).isEmpty();
    }
  }

  @Test
  void longTextsAreCutAtTheLimitOfTheFolderAndCounted() throws IOException {
    SmallEncoder.write(folder);
    Files.writeString(
        folder.resolve("sentence_bert_config.json"),
        "{\"max_seq_length\": 6, \"do_lower_case\": true}");
    try (TextEmbedder embedder = load()) {
      assertThat(embedder.maxTokens()).isEqualTo(6);
      assertClose(embedder.embed(TEXT), embedder.embed("the cat sat on"));
      assertThat(embedder.countTruncated(List.of(TEXT, "the cat", "the cat sat on"))).isEqualTo(1);
      assertClose(embedder.embed("  The CAT "), embedder.embed("the cat"));
    }
  }

  @Test
  void theLimitIsElseThatOfTheTokenizerAndNeverAboveThePositions() throws IOException {
    SmallEncoder.write(folder);
    try (TextEmbedder embedder = load()) {
      assertThat(embedder.maxTokens()).isEqualTo(32);
    }
    Files.writeString(folder.resolve("sentence_bert_config.json"), "{\"max_seq_length\": 512}");
    try (TextEmbedder embedder = load()) {
      assertThat(embedder.maxTokens()).isEqualTo(SmallEncoder.POSITIONS);
    }
    EmbeddingOptions options = EmbeddingOptions.builder().maxTokens(41).build();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> TextEmbedder.load(ModelSource.path(folder), options))
        .withMessageContaining("maxTokens: expected at most 40")
        .withMessageContaining("found 41");
  }

  @Test
  void promptsStandBeforeTextsByNameOrByDefault() throws IOException {
    SmallEncoder.write(folder);
    prompts("null");
    float[] prompted;
    try (TextEmbedder embedder = load()) {
      prompted = embedder.embed("the cat", "query");
      assertClose(prompted, embedder.embed("query : the cat"));
      assertThat(embedder.prompts()).containsOnlyKeys("query", "passage");
      assertThatIllegalArgumentException()
          .isThrownBy(() -> embedder.embed("the cat", "title"))
          .withMessageContaining("expected one of [query, passage], found 'title'");
    }
    prompts("\"query\"");
    try (TextEmbedder embedder = load()) {
      assertClose(embedder.embed("the cat"), prompted);
      assertClose(embedder.embed("the cat", "passage"), embedder.embed("the cat", "passage"));
    }
  }

  @Test
  void tokensOfThePromptAreLeftOutOfPoolingWhereTheFolderSaysSo() throws IOException {
    SmallEncoder.write(folder);
    modules("Transformer:", "Pooling:1_Pooling");
    pooling("\"pooling_mode_mean_tokens\": true, \"include_prompt\": false");
    prompts("null");
    try (TextEmbedder embedder = load()) {
      float[][] hidden = SmallEncoder.hidden(folder, SmallEncoder.ids("query", ":", "the", "cat"));
      assertClose(embedder.embed("the cat", "query"), pooled(Pooling.MEAN, hidden, 3));
    }
  }

  @Test
  void aModuleOfAnUnknownTypeIsRefusedByName() throws IOException {
    SmallEncoder.write(folder);
    modules("Transformer:", "Pooling:1_Pooling", "CNN:2_CNN");
    pooling("\"pooling_mode_mean_tokens\": true");
    refuses(
        CheckpointException.class, this::load, "modules.json", "sentence_transformers.models.CNN");
  }

  @Test
  void anUnknownPoolingIsRefusedByName() throws IOException {
    SmallEncoder.write(folder);
    modules("Transformer:", "Pooling:1_Pooling");
    pooling("\"pooling_mode_median_tokens\": true");
    refuses(CheckpointException.class, this::load, "pooling_mode_median_tokens");
  }

  @ParameterizedTest
  @ValueSource(strings = {"Pooling:1_Pooling", "Transformer:", "Transformer:,Dense:2_Dense"})
  void modulesOutOfOrderAreRefused(String types) throws IOException {
    SmallEncoder.write(folder);
    modules(types.split(","));
    refuses(CheckpointException.class, this::load, "modules.json", "expected a module of type");
  }

  @Test
  void aModuleOutsideOfTheFolderIsRefused() throws IOException {
    SmallEncoder.write(folder);
    modules("Transformer:", "Pooling:../elsewhere");
    refuses(CheckpointException.class, this::load, "../elsewhere");
  }

  @Test
  void aFolderWithoutATokenizerIsRefused() throws IOException {
    SmallEncoder.write(folder);
    Files.delete(folder.resolve("tokenizer.json"));
    refuses(CheckpointException.class, this::load, folder.resolve("tokenizer.json").toString());
  }

  @Test
  void adaptersAreCheckedAttachedAndClosedWithTheModel() throws IOException {
    SmallEncoder.write(folder);
    RecordingAdapter fitting = new RecordingAdapter(List.of());
    TextEmbedder.load(ModelSource.path(folder), fitting).close();
    assertThat(fitting.events).containsExactly("attached to Encoder", "closed");
    RecordingAdapter unfitting = new RecordingAdapter(List.of("No layer 9."));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> TextEmbedder.load(ModelSource.path(folder), unfitting))
        .withMessageContaining("No layer 9.");
  }

  /** An adapter that changes nothing. */
  private record RecordingAdapter(List<String> problems, List<String> events)
      implements AdapterMechanics {

    RecordingAdapter(List<String> problems) {
      this(problems, new ArrayList<>());
    }

    @Override
    public List<String> problems(Network declared) {
      return problems;
    }

    @Override
    public TrainableSummary trainableSummary(Network declared) {
      return TrainableSummary.ofValues(0);
    }

    @Override
    public AttachedAdapter attach(Network network) {
      events.add("attached to " + network.getClass().getSimpleName());
      return new AttachedAdapter() {
        @Override
        public void enabled(boolean on) {}

        @Override
        public void merge() {}

        @Override
        public void unmerge() {}

        @Override
        public void close() {
          events.add("closed");
        }
      };
    }
  }

  @Test
  void memoryDoesNotGrowWithCallsAndAllIsFreedOnClosing() throws IOException {
    SmallEncoder.write(folder);
    long before = Tensor.live();
    try (TextEmbedder embedder = load()) {
      embedder.embed(TEXT);
      long loaded = Tensor.live();
      for (int i = 0; i < 50; i++) {
        embedder.embedAll(List.of(TEXT, "dog", ""));
      }
      assertThat(Tensor.live()).isEqualTo(loaded);
    }
    assertThat(Tensor.live()).isEqualTo(before);
  }

  @Test
  void useAfterClosingIsAnError() throws IOException {
    SmallEncoder.write(folder);
    TextEmbedder embedder = load();
    embedder.close();
    embedder.close();
    refuses(
        IllegalStateException.class, () -> embedder.embed(TEXT), "TextEmbedder has been closed");
  }

  private TextEmbedder load() {
    return TextEmbedder.load(ModelSource.path(folder), Precision.FP32);
  }

  /** Writes modules.json from entries of the form type:path. */
  private void modules(String... modules) throws IOException {
    List<String> entries = new ArrayList<>();
    for (String module : modules) {
      String[] parts = module.split(":", -1);
      entries.add(
          "{\"idx\": %d, \"name\": \"%d\", \"path\": \"%s\", \"type\": \"sentence_transformers.models.%s\"}"
              .formatted(entries.size(), entries.size(), parts[1], parts[0]));
    }
    Files.writeString(folder.resolve("modules.json"), "[" + String.join(", ", entries) + "]");
  }

  private void pooling(String fields) throws IOException {
    Files.createDirectories(folder.resolve("1_Pooling"));
    Files.writeString(
        folder.resolve("1_Pooling/config.json"),
        "{\"word_embedding_dimension\": 24, " + fields + "}");
  }

  private void prompts(String defaultName) throws IOException {
    Files.writeString(
        folder.resolve("config_sentence_transformers.json"),
        """
        {"prompts": {"query": "query : ", "passage": ""}, "default_prompt_name": %s}
        """
            .formatted(defaultName));
  }

  private void dense(float[] weight, float[] bias) throws IOException {
    Path module = Files.createDirectories(folder.resolve("2_Dense"));
    Files.writeString(
        module.resolve("config.json"),
        """
        {"in_features": 24, "out_features": 2, "bias": true,
         "activation_function": "torch.nn.modules.activation.Tanh"}
        """);
    SafetensorsWriter.create()
        .writeModel(
            module,
            List.of(tensor("linear.weight", weight, 2L, 24L), tensor("linear.bias", bias, 2L)));
  }

  private static TensorData tensor(String name, float[] values, Long... shape) {
    ByteBuffer bytes =
        ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values);
    return TensorData.of(name, StoredType.F32, List.of(shape), () -> bytes);
  }

  /** Pools rows from {@code start} on; positions count from the first row. */
  private static float[] pooled(Pooling pooling, float[][] hidden, int start) {
    int width = hidden[0].length;
    int tokens = hidden.length - start;
    float[] result = new float[width];
    for (int d = 0; d < width; d++) {
      double sum = 0;
      double weighted = 0;
      double weights = 0;
      double largest = Double.NEGATIVE_INFINITY;
      for (int i = start; i < hidden.length; i++) {
        sum += hidden[i][d];
        weighted += hidden[i][d] * (i + 1.0);
        weights += i + 1.0;
        largest = Math.max(largest, hidden[i][d]);
      }
      result[d] =
          (float)
              switch (pooling) {
                case FIRST -> hidden[0][d];
                case LAST -> hidden[hidden.length - 1][d];
                case MAX -> largest;
                case MEAN -> sum / tokens;
                case MEAN_SQRT -> sum / Math.sqrt(tokens);
                case WEIGHTED_MEAN -> weighted / weights;
              };
    }
    return result;
  }

  private static float[] normalized(float[] vector) {
    double squares = 0;
    for (float value : vector) {
      squares += (double) value * value;
    }
    float[] result = new float[vector.length];
    for (int i = 0; i < vector.length; i++) {
      result[i] = (float) (vector[i] / Math.sqrt(squares));
    }
    return result;
  }

  private static float[] joined(float[] first, float[] second) {
    float[] result = Arrays.copyOf(first, first.length + second.length);
    System.arraycopy(second, 0, result, first.length, second.length);
    return result;
  }

  private static void assertClose(float[] found, float[] expected) {
    assertThat(found).hasSameSizeAs(expected);
    for (int i = 0; i < found.length; i++) {
      assertThat(found[i]).as("entry %d", i).isCloseTo(expected[i], within(TOLERANCE));
    }
  }
}

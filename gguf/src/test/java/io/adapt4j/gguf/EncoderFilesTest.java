package io.adapt4j.gguf;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.Classification;
import io.adapt4j.core.EmbeddingOptions;
import io.adapt4j.core.TextClassifier;
import io.adapt4j.core.TextEmbedder;
import io.adapt4j.core.TextReranker;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.tokenize.Tokenizer;
import io.adapt4j.gguf.format.GgufFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Encoders in files: what is written is read back as the same embedder or classifier. */
class EncoderFilesTest {

  static final List<String> TEXTS =
      List.of(
          "Once upon a time there was a girl.",
          "  two  spaces, 12 (signs)!",
          "Gr\u00fc\u00dfe \u4f60 \u4f60\u4f60 \ufb01ne \uff21\u2460 \u00a0x",
          "a",
          "timely, timed; girls");

  @TempDir private Path folder;

  @BeforeEach
  void keepFilesHere() {
    System.setProperty("adapt4j.model.files", folder.resolve("files").toString());
  }

  static List<String> embedders() {
    return RandomEncoders.embedders();
  }

  static List<String> classifiers() {
    return RandomEncoders.classifiers();
  }

  static Path export(Path model, GgufQuantization type) {
    Path file = model.resolveSibling(model.getFileName() + "." + type + ".gguf");
    GgufExport.of(model).name("tiny").preTokenizer("gpt-2").type(type).to(file);
    return file;
  }

  static TextEmbedder embedder(Path path) {
    return TextEmbedder.load(ModelSource.path(path), Precision.FP32);
  }

  static double cosine(float[] first, float[] second) {
    double product = 0;
    double firstSquares = 0;
    double secondSquares = 0;
    for (int i = 0; i < first.length; i++) {
      product += (double) first[i] * second[i];
      firstSquares += (double) first[i] * first[i];
      secondSquares += (double) second[i] * second[i];
    }
    return product / Math.sqrt(firstSquares * secondSquares);
  }

  private static void requireSameTokens(Path model, Path file) {
    try (Tokenizer expected = Tokenizer.load(model);
        Tokenizer found = Tokenizer.load(ModelSource.path(file).folder())) {
      for (String text : TEXTS) {
        assertThat(found.encode(text, true)).as(text).isEqualTo(expected.encode(text, true));
        assertThat(found.encodePair(text, "a time", 100).ids())
            .as(text)
            .isEqualTo(expected.encodePair(text, "a time", 100).ids());
      }
    }
  }

  @ParameterizedTest
  @MethodSource("embedders")
  void givesTheSameVectors(String name) throws IOException {
    Path model = RandomEncoders.write(name, folder.resolve(name));
    Path file = export(model, GgufQuantization.F32);
    requireSameTokens(model, file);
    Path rounded = export(model, GgufQuantization.Q8_0);
    try (TextEmbedder expected = embedder(model);
        TextEmbedder found = embedder(file);
        TextEmbedder close = embedder(rounded)) {
      List<float[]> vectors = expected.embedAll(TEXTS);
      for (int i = 0; i < TEXTS.size(); i++) {
        assertThat(found.embed(TEXTS.get(i))).containsExactly(vectors.get(i), within(2e-6f));
        assertThat(cosine(close.embed(TEXTS.get(i)), vectors.get(i))).isGreaterThan(0.998);
      }
      assertThat(found.maxTokens()).isEqualTo(expected.maxTokens());
    }
  }

  @ParameterizedTest
  @MethodSource("classifiers")
  void givesTheSameScores(String name) throws IOException {
    Path model = RandomEncoders.write(name, folder.resolve(name));
    Path file = export(model, GgufQuantization.F32);
    requireSameTokens(model, file);
    try (TextClassifier expected = TextClassifier.load(ModelSource.path(model), Precision.FP32);
        TextClassifier found = TextClassifier.load(ModelSource.path(file), Precision.FP32)) {
      assertThat(found.labels()).isEqualTo(expected.labels());
      List<Classification> scores = expected.classifyPairs(TEXTS.get(0), TEXTS);
      List<Classification> read = found.classifyPairs(TEXTS.get(0), TEXTS);
      for (int i = 0; i < scores.size(); i++) {
        assertThat(read.get(i).score()).isCloseTo(scores.get(i).score(), within(1e-6));
        assertThat(read.get(i).label()).isEqualTo(scores.get(i).label());
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"mean_tokens, 1", "cls_token, 2", "lasttoken, 3"})
  void namesThePooling(String pooling, long number) throws IOException {
    Path model = RandomEncoders.write("bert", folder.resolve("bert"));
    RandomEncoders.addModules(model, pooling, false);
    Files.writeString(
        model.resolve("sentence_bert_config.json"),
        "{\"max_seq_length\": 20, \"do_lower_case\": true}");
    Files.writeString(
        model.resolve("config_sentence_transformers.json"),
        "{\"prompts\": {\"query\": \"Find: \", \"document\": \"\"}, \"default_prompt_name\":"
            + " \"query\"}");
    Path file = export(model, GgufQuantization.F32);
    try (GgufFile opened = GgufFile.open(file)) {
      assertThat(opened.metadata().integer("bert.pooling_type")).hasValue(number);
      assertThat(opened.metadata().bool("bert.attention.causal")).hasValue(false);
    }
    try (TextEmbedder expected = embedder(model);
        TextEmbedder found = embedder(file)) {
      assertThat(found.maxTokens()).isEqualTo(20);
      assertThat(found.prompts()).isEqualTo(Map.of("query", "Find: ", "document", ""));
      for (String text : TEXTS) {
        assertThat(found.embed(text)).containsExactly(expected.embed(text), within(5e-6f));
      }
    }
  }

  /** Files of other programs do not say whether vectors have length 1; llama.cpp makes them so. */
  @Test
  void vectorsHaveLengthOneUnlessTheFileSaysOtherwise() throws IOException {
    Path model = RandomEncoders.write("bert", folder.resolve("bert"));
    Path file = export(model, GgufQuantization.F16);
    try (GgufFile opened = GgufFile.open(file)) {
      assertThat(opened.metadata().keys()).doesNotContain("adapt4j.sentence_transformers");
    }
    assertThat(length(file)).isCloseTo(1, within(1e-5));
    RandomEncoders.addModules(model, "mean_tokens", false);
    assertThat(length(export(model, GgufQuantization.F16))).isGreaterThan(1.1);
  }

  private static double length(Path file) {
    try (TextEmbedder embedder = embedder(file)) {
      double squares = 0;
      for (float value : embedder.embed("once")) {
        squares += (double) value * value;
      }
      return Math.sqrt(squares);
    }
  }

  @Test
  void optionsChangeWhatAFileSays() throws IOException {
    Path model = RandomEncoders.write("bert", folder.resolve("bert"));
    EmbeddingOptions options =
        EmbeddingOptions.builder().precision(Precision.FP32).dimension(16).build();
    try (TextEmbedder found =
        TextEmbedder.load(ModelSource.path(export(model, GgufQuantization.F32)), options)) {
      assertThat(found.embed("once")).hasSize(16);
    }
  }

  @Test
  void aRerankerIsReadAsOne() throws IOException {
    Path model = RandomEncoders.write("xlm_roberta_reranker", folder.resolve("reranker"));
    Path file = export(model, GgufQuantization.F32);
    try (TextReranker expected = TextReranker.load(ModelSource.path(model), Precision.FP32);
        TextReranker found = TextReranker.load(ModelSource.path(file), Precision.FP32)) {
      assertThat(found.scores("once", TEXTS))
          .containsExactly(expected.scores("once", TEXTS), within(1e-6));
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "bert | hidden_act | \"relu\"",
        "bert_classes | type_vocab_size | 2, \"id2label\": {\"0\": \"relevant\"}",
        "bert | architectures | [\"BertForTokenClassification\"]",
        "distilbert | architectures | [\"DistilBertForSequenceClassification\"]",
        "nomic | activation_function | \"geglu\"",
        "nomic | qkv_proj_bias | true",
        "nomic | rotary_emb_fraction | 0.5",
        "nomic | rotary_emb_interleaved | true",
        "nomic_moe | moe_normalize_expert_weights | true",
        "modernbert | norm_bias | true",
        "modernbert | attention_bias | true",
        "modernbert | layer_types | [\"full_attention\", \"full_attention\", \"sliding_attention\","
            + " \"sliding_attention\"]",
        "modernbert_classes | classifier_pooling | \"cls\"",
        "modernbert_classes | classifier_bias | true",
      })
  void namesTheField(String name, String field, String value) throws IOException {
    Path model = RandomEncoders.write(name, "\"" + field + "\": " + value, folder.resolve(name));
    refuses(
        CheckpointException.class, () -> export(model, GgufQuantization.F32), "'" + field + "'");
  }

  /** Of families that load here, llama.cpp has no model of these. */
  @ParameterizedTest
  @CsvSource({"mpnet", "electra", "albert", "deberta-v2"})
  void namesAFamilyThatLlamaCppDoesNotRun(String type) throws IOException {
    Path model = RandomEncoders.write("bert", folder.resolve(type));
    Files.writeString(
        model.resolve("config.json"),
        Files.readString(model.resolve("config.json"))
            .replace("\"model_type\":\"bert\"", "\"model_type\":\"" + type + "\"")
            .replace("BertModel", "SomeModel"));
    assertThatThrownBy(() -> export(model, GgufQuantization.F32))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("'model_type'")
        .hasMessageContaining("llama.cpp does not run models of this family")
        .hasMessageContaining("run this model here");
  }

  @Test
  void readsEmbeddingGemma() throws IOException {
    Path model = RandomEncoders.writeGemma(folder.resolve("gemma"));
    Path file = export(model, GgufQuantization.F32);
    requireSameVectors(model, file);
    try (GgufFile opened = GgufFile.open(file)) {
      assertThat(opened.metadata().integer("gemma-embedding.dense_2_feat_out")).hasValue(320);
      assertThat(opened.tensor("dense_3.weight").shape()).containsExactly(320L, 256L);
    }
  }

  @Test
  void readsADecoderThatIsAnEmbedder() throws IOException {
    Path model = RandomEncoders.writeQwen(folder.resolve("qwen"));
    Path file = export(model, GgufQuantization.F32);
    requireSameVectors(model, file);
    try (GgufFile opened = GgufFile.open(file)) {
      assertThat(opened.metadata().integer("qwen3.pooling_type")).hasValue(3);
    }
  }

  private static void requireSameVectors(Path model, Path file) {
    try (TextEmbedder expected = embedder(model);
        TextEmbedder found = embedder(file)) {
      for (String text : TEXTS) {
        assertThat(found.embed(text)).containsExactly(expected.embed(text), within(2e-6f));
      }
    }
  }

  @Test
  void refusesDenseLayersOfOtherFamilies() throws IOException {
    Path model = RandomEncoders.write("bert", folder.resolve("bert"));
    RandomEncoders.addModules(model, 64, "mean_tokens", List.of(32), true);
    assertThatThrownBy(() -> export(model, GgufQuantization.F32))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("expected no Dense layers");
  }

  @Test
  void refusesAPoolingThatLlamaCppDoesNotHave() throws IOException {
    Path model = RandomEncoders.write("bert", folder.resolve("bert"));
    RandomEncoders.addModules(model, "max_tokens", true);
    assertThatThrownBy(() -> export(model, GgufQuantization.F32))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("pooling: expected one of mean, cls and lasttoken, found [max]");
  }
}

package io.adapt4j.gguf;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.TextReranker;
import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.gguf.format.GgufFile;
import io.adapt4j.gguf.format.GgufWriter;
import io.adapt4j.gguf.format.TensorSource;
import io.adapt4j.gguf.format.TensorType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Files of language models that rank by the tokens yes and no. */
class RerankerFilesTest {

  static final String QUERY = "Where did Lily go?";

  static final List<String> DOCUMENTS =
      List.of(
          "Lily went to the park with her mom.", "A cat sat.", "It's 12 o'clock:\n\nyes or no?");

  @TempDir private Path folder;

  @BeforeEach
  void keepFilesHere() {
    System.setProperty("adapt4j.model.files", folder.resolve("files").toString());
  }

  /** Writes a model of Qwen 3 whose tokenizer has the words yes and no. */
  static Path write(String name, Path folder) throws IOException {
    RandomModels.write(
        name,
        "\"architectures\": [\"Qwen3ForCausalLM\"], \"max_position_embeddings\": 1024",
        folder);
    Path file = folder.resolve("tokenizer.json");
    ObjectNode tokenizer = (ObjectNode) Json.parse(Files.readString(file));
    ObjectNode vocabulary = (ObjectNode) tokenizer.path("model").path("vocab");
    ArrayNode merges = (ArrayNode) tokenizer.path("model").path("merges");
    for (String word : List.of("yes", "no")) {
      var pair = merges.remove(merges.size() - 1);
      String merged =
          pair.isArray()
              ? pair.path(0).asText() + pair.path(1).asText()
              : pair.asText().replace(" ", "");
      vocabulary.set(word, vocabulary.remove(merged));
    }
    Files.writeString(file, Json.compact(tokenizer));
    Files.deleteIfExists(folder.resolve("vocab.json"));
    Files.deleteIfExists(folder.resolve("merges.txt"));
    return folder;
  }

  static GgufExport export(Path model) {
    return GgufExport.of(model)
        .name("tiny")
        .preTokenizer(RandomModels.preTokenizer())
        .type(GgufQuantization.F32);
  }

  static double[] scores(Path model, String instruction) {
    try (TextReranker reranker = TextReranker.load(ModelSource.path(model), Precision.FP32)) {
      return reranker.scores(QUERY, DOCUMENTS, instruction);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"qwen3", "qwen3_tied"})
  void aRerankersFileIsReadBackAsTheLanguageModel(String name) throws IOException {
    Path model = write(name, folder.resolve(name));
    Path file = folder.resolve("model.gguf");
    export(model).reranker("Find the place").to(file);
    try (GgufFile opened = GgufFile.open(file)) {
      assertThat(opened.metadata().integer("qwen3.pooling_type")).hasValue(4);
      assertThat(opened.metadata().strings("qwen3.classifier.output_labels"))
          .hasValue(List.of("yes", "no"));
      assertThat(opened.metadata().string("tokenizer.chat_template.rerank").orElseThrow())
          .contains(
              "<Instruct>: Find the place\n<Query>: {query}\n<Document>: {document}<|im_end|>");
      assertThat(opened.tensors().get("cls.output.weight").shape()).containsExactly(256L, 2L);
    }
    double[] expected = scores(model, "Find the place");
    assertThat(scores(file, "Find the place")).containsExactly(expected, within(1e-6));
    assertThat(expected).doesNotHaveDuplicates();
    // The prompt of rankings is none of conversations.
    assertThat(ChatTemplate.find(ModelSource.path(file).folder()).isPresent())
        .isEqualTo(ChatTemplate.find(model).isPresent());
    try (LanguageModel language = LanguageModel.load(ModelSource.path(file), Precision.FP32)) {
      GenerationOptions options = GenerationOptions.builder().maxNewTokens(4).build();
      assertThat(language.generate("Once upon", options)).isNotNull();
    }
  }

  @Test
  void withoutBeingAskedNothingIsAdded() throws IOException {
    Path model = write("qwen3_tied", folder.resolve("model"));
    Path file = folder.resolve("model.gguf");
    export(model).to(file);
    try (GgufFile opened = GgufFile.open(file)) {
      assertThat(opened.tensors()).doesNotContainKey("cls.output.weight");
      assertThat(opened.metadata().integer("qwen3.pooling_type")).isEmpty();
    }
  }

  /** Official files have no more of an output matrix than the rows of yes and no. */
  @ParameterizedTest
  @ValueSource(strings = {"qwen3", "qwen3_tied"})
  void aFileIsReadWithoutItsOutputOnlyIfThatIsTheEmbedding(String name) throws IOException {
    Path model = write(name, folder.resolve(name));
    Path whole = folder.resolve("whole.gguf");
    export(model).reranker().type(GgufQuantization.Q8_0).to(whole);
    Path file = folder.resolve("model.gguf");
    try (GgufFile opened = GgufFile.open(whole)) {
      // So few values that no type makes them smaller than they are worth.
      assertThat(opened.tensors().get("cls.output.weight").type()).isEqualTo(TensorType.F32);
      List<TensorSource> tensors = new ArrayList<>();
      opened.tensors().values().stream()
          .filter(tensor -> !tensor.name().equals("output.weight"))
          .forEach(tensor -> tensors.add(new CopiedTensor(opened, tensor)));
      GgufWriter.write(file, opened.metadata(), tensors);
    }
    if (name.equals("qwen3_tied")) {
      assertThat(scores(file, "Find")).isEqualTo(scores(whole, "Find"));
    } else {
      assertThatThrownBy(() -> ModelSource.path(file).folder())
          .isInstanceOf(CheckpointException.class)
          .hasMessageContaining("output.weight")
          .hasMessageContaining("'yes'");
    }
  }

  /** Read as a language model, such a file would lose its classifier without a word. */
  @Test
  void aFileThatScoresOtherClassesIsRefused() throws IOException {
    Path model = write("qwen3_tied", folder.resolve("model"));
    Path whole = folder.resolve("whole.gguf");
    export(model).reranker().to(whole);
    Path file = folder.resolve("model.gguf");
    try (GgufFile opened = GgufFile.open(whole)) {
      List<TensorSource> tensors = new ArrayList<>();
      opened.tensors().values().forEach(tensor -> tensors.add(new CopiedTensor(opened, tensor)));
      GgufWriter.write(
          file,
          opened.metadata().toBuilder()
              .strings("qwen3.classifier.output_labels", List.of("good", "bad"))
              .build(),
          tensors);
    }
    assertThatThrownBy(() -> ModelSource.path(file).folder())
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("qwen3.classifier.output_labels")
        .hasMessageContaining("[good, bad]");
  }

  @Test
  void whatLlamaCppWouldNotRankWithIsRefused() throws IOException {
    Path file = folder.resolve("model.gguf");
    Path other = RandomModels.write("qwen2", folder.resolve("qwen2"));
    refuses(
        CheckpointException.class, () -> export(other).reranker().to(file), "model_type", "qwen3");
    Path without = RandomModels.write("qwen3", folder.resolve("qwen3"));
    refuses(IllegalArgumentException.class, () -> export(without).reranker().to(file), "yes");
    assertThatThrownBy(() -> export(without).reranker("Does {document} say it?"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("{document}");
    assertThat(file).doesNotExist();
  }
}

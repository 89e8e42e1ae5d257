package io.adapt4j.rag.retrieve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.TextClassifier;
import io.adapt4j.core.TextReranker;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.Encoder;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.nn.weights.CheckpointFolder;
import io.adapt4j.core.internal.nn.weights.Weights;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.rag.RealModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A cross-encoder of random weights behind MiniLM's tokenizer. */
class CrossEncoderTest {

  private static final String QUESTION = "Who may return goods?";
  private static final List<String> PASSAGES =
      List.of("Anybody within 30 days.", "The office is closed.", "");

  @TempDir private Path folder;

  @Test
  void scoresAreThoseOfThePairs() throws IOException {
    write(1);
    long before = Tensor.live();
    try (CrossEncoder reranker = CrossEncoder.load(ModelSource.path(folder));
        TextClassifier classifier = TextClassifier.load(ModelSource.path(folder))) {
      double[] scores = reranker.scores(QUESTION, PASSAGES);
      for (int i = 0; i < scores.length; i++) {
        double alone = classifier.classifyPair(QUESTION, PASSAGES.get(i)).score();
        assertThat(scores[i]).isCloseTo(alone, within(1e-6));
      }
      assertThat(scores).doesNotHaveDuplicates();
      assertThat(reranker.scores(QUESTION, List.of())).isEmpty();
    }
    assertThat(Tensor.live()).isEqualTo(before);
  }

  @Test
  void ofTwoClassesTheSecondIsTheRelevantOne() throws IOException {
    write(2);
    try (CrossEncoder reranker = CrossEncoder.load(ModelSource.path(folder));
        TextClassifier classifier = TextClassifier.load(ModelSource.path(folder))) {
      assertThat(reranker.scores(QUESTION, PASSAGES.subList(0, 1))[0])
          .isEqualTo(classifier.classifyPair(QUESTION, PASSAGES.get(0)).scores().get(1).score());
    }
  }

  @Test
  void aModelWithMoreClassesIsRefused() throws IOException {
    write(3);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> CrossEncoder.load(ModelSource.path(folder)))
        .withMessageContaining("one class or two");
  }

  @Test
  void aLanguageModelIsAskedForYesOrNoByTheInstruction() throws IOException {
    writeLanguageModel();
    long before = Tensor.live();
    try (CrossEncoder reranker = CrossEncoder.load(ModelSource.path(folder));
        TextReranker alone = TextReranker.load(ModelSource.path(folder))) {
      double[] scores = reranker.scores(QUESTION, PASSAGES);
      assertThat(scores).containsExactly(alone.scores(QUESTION, PASSAGES)).doesNotHaveDuplicates();
      assertThat(reranker.withInstruction("Find the rule").scores(QUESTION, PASSAGES))
          .containsExactly(alone.scores(QUESTION, PASSAGES, "Find the rule"))
          .isNotEqualTo(scores);
    }
    assertThat(Tensor.live()).isEqualTo(before);
  }

  /** MiniLM's vocabulary has the words yes and no. */
  private void writeLanguageModel() throws IOException {
    Files.writeString(
        folder.resolve("config.json"),
        """
        {"model_type": "qwen3", "architectures": ["Qwen3ForCausalLM"], "dtype": "float32",
         "vocab_size": 30522, "hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1,
         "num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 8, "hidden_act": "silu",
         "max_position_embeddings": 512, "tie_word_embeddings": true, "pad_token_id": 0}
        """);
    ModelConfig config = ModelConfig.read(folder);
    try (Decoder decoder = Architectures.declareDecoder(config)) {
      decoder.allocate(DType.F32);
      write(decoder, config);
    }
  }

  private void write(int classes) throws IOException {
    Files.writeString(
        folder.resolve("config.json"),
        """
        {"model_type": "bert", "architectures": ["BertForSequenceClassification"],
         "dtype": "float32", "vocab_size": 30522, "hidden_size": 16, "intermediate_size": 16,
         "num_hidden_layers": 1, "num_attention_heads": 2, "hidden_act": "gelu",
         "max_position_embeddings": 64, "type_vocab_size": 2, "layer_norm_eps": 1e-12,
         "pad_token_id": 0, "num_labels": %d}
        """
            .formatted(classes));
    ModelConfig config = ModelConfig.read(folder);
    try (Encoder encoder = Architectures.declareEncoder(config)) {
      encoder.allocate(DType.F32);
      write(encoder, config);
    }
  }

  private void write(Network network, ModelConfig config) throws IOException {
    Weights.randomize(network, 7);
    network.parameters().stream()
        .filter(parameter -> parameter.sizes().length == 2)
        .forEach(
            parameter -> {
              try (Tensor large = parameter.value().scaled(20)) {
                parameter.value().copyFrom(large);
              }
            });
    CheckpointFolder.write(folder, folder, config, Weights.tensors(network, StoredType.F32));
    for (String file : List.of("tokenizer.json", "tokenizer_config.json")) {
      Files.copy(RealModel.folder().resolve(file), folder.resolve(file));
    }
  }
}

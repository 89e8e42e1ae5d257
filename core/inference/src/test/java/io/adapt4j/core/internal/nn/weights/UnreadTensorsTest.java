package io.adapt4j.core.internal.nn.weights;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNoException;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.inspect.ModelInfo;
import io.adapt4j.core.inspect.ModelWarning.Kind;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.SafetensorsWriter;
import io.adapt4j.core.internal.checkpoint.TensorData;
import io.adapt4j.core.internal.checkpoint.TensorEntry;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.StoredBuffers;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.tensor.DType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Tensors that are not read: their values are those that are computed instead, or the model is
 * refused by the tensor's name. An output matrix beside a tied embedding is used or not as the
 * version of Transformers does that wrote the file.
 */
class UnreadTensorsTest {

  private static final String TENSORS =
      """
      families/gpt2_by_layer     | transformer.h.0.attn.bias
      families/gpt2_by_layer     | transformer.h.1.attn.masked_bias
      families/gpt_neo           | transformer.h.0.attn.attention.bias
      families/gpt_neo           | transformer.h.1.attn.attention.bias
      families/gptj              | transformer.h.0.attn.bias
      families/gptj              | transformer.h.0.attn.masked_bias
      families/gpt_neox_linear   | gpt_neox.layers.0.attention.bias
      families/gpt_neox_linear   | gpt_neox.layers.0.attention.rotary_emb.inv_freq
      families/llama_linear      | model.layers.0.self_attn.rotary_emb.inv_freq
      families/llama_dynamic     | model.layers.0.self_attn.rotary_emb.inv_freq
      families/llama_yarn        | model.rotary_emb.inv_freq
      families/phi3_longrope_long | model.layers.0.self_attn.rotary_emb.inv_freq
      families/qwen2_layer_types | model.layers.0.self_attn.rotary_emb.inv_freq
      families/internlm2         | model.layers.0.attention.rotary_emb.inv_freq
      families/apertus           | model.layers.0.mlp.act_fn.beta
      families/apertus           | model.layers.1.mlp.act_fn.eps
      families/bert_features     | embeddings.position_ids
      families/roberta_mlm       | roberta.embeddings.position_ids
      families/roberta_mlm       | lm_head.decoder.bias
      families/distilbert_mlm    | distilbert.embeddings.position_ids
      sequences/mt5              | encoder.embed_tokens.weight
      sequences/umt5             | decoder.embed_tokens.weight
      sequences/mbart            | model.encoder.embed_tokens.weight
      sequences/pegasus          | model.decoder.embed_tokens.weight
      sequences/m2m_100          | model.encoder.embed_positions.weights
      """;

  @TempDir private Path temporary;

  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = TENSORS)
  void aModelIsReadBesideTheValuesThatAreComputed(String source, String tensor) throws Exception {
    Path folder = copy(source, "{}", tensor, false);
    assertThatNoException().isThrownBy(() -> load(folder).close());
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = TENSORS)
  void aModelIsRefusedBesideOtherValuesByTheTensorsName(String source, String tensor)
      throws Exception {
    Path folder = copy(source, "{}", tensor, true);
    refuses(CheckpointException.class, () -> load(folder), tensor, "model.safetensors");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          gpt2_by_layer | lm_head.weight
          falcon        | lm_head.weight
          roberta_mlm   | lm_head.decoder.weight
          gte_mlm       | lm_head.decoder.weight
          lfm2          | lm_head.weight
          gemma3        | lm_head.weight
          """)
  void anotherOutputMatrixBesideATiedOneIsUsedAsTransformers5Does(String name, String head)
      throws Exception {
    String source = "families/" + name;
    String five = "{\"tie_word_embeddings\": true, \"transformers_version\": \"5.15.0\"}";
    String four = "{\"tie_word_embeddings\": true, \"transformers_version\": \"4.57.0\"}";
    Path plain = copy(source, "{}", null, false);
    Path other = copy(source, five, head, true);
    assertThat(names(plain)).doesNotContain(head);
    assertThat(outputName(other)).isEqualTo(head);
    assertThat(outputName(copy(source, five, head, false))).isNotEqualTo(head);
    assertThat(outputName(copy(source, four, head, true))).isNotEqualTo(head);
    assertThat(outputName(copy(source, four, head, false))).isNotEqualTo(head);
  }

  @ParameterizedTest
  @CsvSource({"5.15.0,'The stored one is used',false", "4.57.0,It is not used,true"})
  void theDescriptionOfAModelSaysWhichOutputMatrixIsUsed(String version, String said, boolean tied)
      throws Exception {
    String fields =
        "{\"tie_word_embeddings\": true, \"transformers_version\": \"" + version + "\"}";
    Path folder = copy("families/gpt2_by_layer", fields, "lm_head.weight", true);
    assertThat(ModelInfo.read(folder).warnings())
        .anySatisfy(
            warning -> {
              assertThat(warning.kind()).isEqualTo(Kind.UNTIED_OUTPUT_MATRIX);
              assertThat(warning.message()).contains("lm_head.weight", said);
            });
    assertThat(ModelInfo.read(folder).tiedEmbeddings()).contains(tied);
    assertThat(ModelInfo.read(source("families/gpt2_by_layer")).warnings())
        .noneMatch(warning -> warning.kind() == Kind.UNTIED_OUTPUT_MATRIX);
  }

  @Test
  void anOutputMatrixOfAnotherShapeThanTheEmbeddingItIsTiedToIsRefused() throws Exception {
    Path folder = folder("families/gpt2_by_layer", "{}");
    write(
        folder,
        source("families/gpt2_by_layer"),
        List.of(StoredBuffers.floats("lm_head.weight", List.of(2L, 3L), i -> i)));
    refuses(CheckpointException.class, () -> load(folder), "lm_head.weight", "tie_word_embeddings");
  }

  private static String outputName(Path folder) {
    try (Network network = load(folder)) {
      return network.vocabulary().orElseThrow().weight().slices().get(0).name();
    }
  }

  private static List<String> names(Path folder) {
    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      return List.copyOf(checkpoint.names());
    }
  }

  private static Network load(Path folder) {
    Network network = Architectures.declare(ModelConfig.read(folder));
    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      Weights.check(network, checkpoint);
      network.allocate(DType.F32);
      Weights.load(network, checkpoint);
      return network;
    } catch (RuntimeException e) {
      network.close();
      throw e;
    }
  }

  /** Copies a folder, with one more tensor where one is named. */
  private Path copy(String source, String fields, String tensor, boolean changed) throws Exception {
    Path original = source(source);
    Path folder = folder(source, fields);
    try (Network network = load(original)) {
      List<TensorData> more = new ArrayList<>();
      if (tensor != null) {
        TensorData right = StoredBuffers.of(tensor, network);
        more.add(changed ? StoredBuffers.changed(right) : right);
      }
      write(folder, original, more);
    }
    return folder;
  }

  private Path folder(String source, String fields) throws Exception {
    Path folder = Files.createTempDirectory(temporary, "model");
    ObjectNode config =
        (ObjectNode) Json.parse(Files.readString(source(source).resolve(ModelConfig.FILE)));
    config.setAll((ObjectNode) Json.parse(fields));
    Files.writeString(folder.resolve(ModelConfig.FILE), Json.compact(config));
    return folder;
  }

  private static void write(Path folder, Path original, List<TensorData> more) throws IOException {
    try (Checkpoint checkpoint = Checkpoint.open(original)) {
      List<TensorData> tensors = new ArrayList<>(more);
      for (String name : checkpoint.names()) {
        TensorEntry entry = checkpoint.entry(name);
        tensors.add(TensorData.of(name, entry.type(), entry.shape(), () -> checkpoint.bytes(name)));
      }
      SafetensorsWriter.create().writeModel(folder, tensors);
    }
  }

  private static Path source(String name) throws Exception {
    return Path.of(
        Objects.requireNonNull(UnreadTensorsTest.class.getResource("/" + name), name).toURI());
  }
}

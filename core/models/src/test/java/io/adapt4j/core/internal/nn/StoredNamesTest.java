package io.adapt4j.core.internal.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.SafetensorsWriter;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.checkpoint.TensorData;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.nn.weights.Weights;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Checkpoints as the hub has them name tensors in other ways than the class that reads them. */
class StoredNamesTest {

  private static final String GPT2 =
      """
      {"model_type": "gpt2", "architectures": ["GPT2LMHeadModel"], "n_embd": 8, "n_layer": 1,
       "n_head": 2, "n_positions": 16, "vocab_size": 20}
      """;
  private static final String BERT =
      """
      {"model_type": "bert", "architectures": ["%s"], "hidden_size": 8, "num_hidden_layers": 1,
       "num_attention_heads": 2, "intermediate_size": 12, "vocab_size": 20,
       "max_position_embeddings": 16}
      """;
  private static final String NEOX =
      """
      {"model_type": "gpt_neox", "architectures": ["GPTNeoXForCausalLM"], "hidden_size": 16,
       "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 24, "vocab_size": 20}
      """;

  @TempDir private Path folder;

  @Test
  void gpt2IsReadWithoutThePrefixAndWithItsMaskBuffers() throws IOException {
    assertReads(
        GPT2,
        name -> name.substring("transformer.".length()),
        List.of("h.0.attn.bias", "h.0.attn.masked_bias"));
  }

  @Test
  void gpt2IsReadWithAStoredCopyOfItsTiedHead() throws IOException {
    assertReads(GPT2, name -> name, List.of("lm_head.weight"));
  }

  @Test
  void bertIsReadUnderTheNormNamesOfTensorFlowAndBesideOtherHeads() throws IOException {
    assertReads(
        BERT.formatted("BertForMaskedLM"),
        name ->
            name.replace("LayerNorm.weight", "LayerNorm.gamma")
                .replace("LayerNorm.bias", "LayerNorm.beta"),
        List.of(
            "cls.seq_relationship.weight",
            "cls.seq_relationship.bias",
            "cls.predictions.decoder.weight",
            "bert.pooler.dense.weight",
            "bert.embeddings.position_ids"));
  }

  @Test
  void sentenceEncodersAreReadFromTheBodyOfAFullModel() throws IOException {
    assertReads(
        BERT.formatted("BertModel"),
        name -> "bert." + name,
        List.of("cls.predictions.bias", "bert.pooler.dense.bias"));
  }

  @Test
  void sentenceEncodersAreReadFromABodyAlone() throws IOException {
    assertReads(
        BERT.formatted("BertModel"),
        name -> name,
        List.of("pooler.dense.weight", "embeddings.position_ids"));
  }

  @Test
  void pythiaIsReadWithItsBuffers() throws IOException {
    assertReads(
        NEOX,
        name -> name,
        List.of(
            "gpt_neox.layers.0.attention.bias",
            "gpt_neox.layers.0.attention.masked_bias",
            "gpt_neox.layers.0.attention.rotary_emb.inv_freq"));
  }

  @Test
  void anUnknownTensorIsRefusedByName() {
    assertThatExceptionOfType(CheckpointException.class)
        .isThrownBy(() -> assertReads(NEOX, name -> name, List.of("gpt_neox.layers.0.gate.weight")))
        .withMessageContaining("gpt_neox.layers.0.gate.weight");
  }

  @Test
  void weightsStoredTransposedSurviveTheRoundTrip() throws IOException {
    assertThat(Architectures.declare(config(GPT2)).tensors())
        .containsEntry("transformer.h.0.attn.c_attn.weight", List.of(8L, 24L));
    assertReads(GPT2, name -> name, List.of());
  }

  /** Writes random weights under other names, with further tensors, and reads them back. */
  private void assertReads(String json, UnaryOperator<String> stored, List<String> others)
      throws IOException {
    try (Network written = Architectures.declare(config(json));
        Network read = Architectures.declare(config(json))) {
      written.allocate(DType.F32);
      Weights.randomize(written, 3);
      List<TensorData> tensors = new ArrayList<>();
      for (TensorData tensorData : Weights.tensors(written, StoredType.F32)) {
        tensors.add(
            new TensorData(
                stored.apply(tensorData.name()),
                tensorData.type(),
                tensorData.shape(),
                tensorData.content()));
      }
      for (String name : others) {
        tensors.add(StoredBuffers.of(name, written));
      }
      SafetensorsWriter.create().writeModel(folder, tensors);
      try (Checkpoint checkpoint = Checkpoint.open(folder)) {
        Weights.check(read, checkpoint);
        read.allocate(DType.F32);
        Weights.load(read, checkpoint);
      }
      for (int i = 0; i < written.parameters().size(); i++) {
        Parameter expected = written.parameters().get(i);
        assertThat(read.parameters().get(i).value().toFloats())
            .as("%s", expected.slices())
            .isEqualTo(expected.value().toFloats());
      }
    }
  }

  private ModelConfig config(String json) {
    return ModelConfig.parse(folder.resolve("config.json"), json);
  }
}

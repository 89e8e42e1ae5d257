package io.adapt4j.core.internal.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.SafetensorsFile;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.loss.SequenceLoss;
import io.adapt4j.core.internal.nn.weights.CheckpointFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * T5's family in the words of Transformers 5, which ties every output matrix, and position tables
 * of encoder-decoders: the numbers are those of the same weights before.
 */
class SequenceGenerationsTest {

  private static final double TOLERANCE = 1e-4;

  @TempDir private Path temporary;

  /** T5 1.1 with a gated MLP is mT5 under another name. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          mt5         | mt5  | {"tie_word_embeddings": true, "transformers_version": "5.15.0"}
          mt5         | mt5  | {"transformers_version": "5.15.0"}
          mt5         | t5   | {"tie_word_embeddings": true, "scale_decoder_outputs": false, "transformers_version": "5.15.0"}
          mt5         | t5   | {"tie_word_embeddings": false, "transformers_version": "4.57.0"}
          umt5_untied | umt5 | {"tie_word_embeddings": false, "transformers_version": "4.57.0"}
          umt5        | umt5 | {"tie_word_embeddings": true, "transformers_version": "5.15.0"}
          umt5        | umt5 | {"tie_word_embeddings": true, "transformers_version": "4.57.0"}
          umt5        | umt5 | {}
          mt5         | mt5  | {"feed_forward_proj": "gated-relu", "dense_act_fn": "gelu_new"}
          mt5         | mt5  | {"feed_forward_proj": "gelu_new", "is_gated_act": true}
          """)
  void bothGenerationsOfAConfigurationGiveTheSameLogits(String name, String type, String fields)
      throws Exception {
    Path folder = copy(name);
    change(folder, type, fields);
    assertThat(deviation(folder, name)).isLessThan(TOLERANCE);
  }

  @Test
  void onlyTheConfigurationSaysWhetherStatesAreScaled() throws Exception {
    Path folder = copy("mt5");
    change(
        folder,
        "t5",
        """
        {"tie_word_embeddings": true, "scale_decoder_outputs": true,
         "transformers_version": "5.15.0"}
        """);
    try (EncoderDecoder network = SequenceReferenceTest.load(folder)) {
      assertThat(network.head().weight().slices().get(0).name()).isEqualTo("lm_head.weight");
      assertThat(network.head().scale()).isCloseTo(Math.pow(16, -0.5), within(1e-12));
    }
  }

  /** Transformers 5 reads the field it has forced, whatever the file has. */
  @Test
  void umt5OfTransformers5IsScaledBesideAMatrixOfItsOwnToo() throws Exception {
    Path folder = copy("umt5_untied");
    change(folder, "umt5", "{\"tie_word_embeddings\": true, \"transformers_version\": \"5.15.0\"}");
    try (EncoderDecoder network = SequenceReferenceTest.load(folder)) {
      assertThat(network.head().weight().slices().get(0).name()).isEqualTo("lm_head.weight");
      assertThat(network.head().scale()).isCloseTo(Math.pow(16, -0.5), within(1e-12));
    }
  }

  @Test
  void aSavedModelHasTheHeadAndTheScaleOfTheFileItCameFrom() throws Exception {
    Path folder = copy("mt5");
    change(
        folder,
        "t5",
        """
        {"tie_word_embeddings": true, "scale_decoder_outputs": false,
         "transformers_version": "5.15.0"}
        """);
    assertThat(deviation(saved(folder), "mt5")).isLessThan(TOLERANCE);
  }

  @Test
  void aSavedModelKeepsItsTablesOfPositions() throws Exception {
    Path saved = saved(copy("pegasus_tables"));
    assertThat(deviation(saved, "pegasus_tables")).isLessThan(TOLERANCE);
    try (Checkpoint checkpoint = Checkpoint.open(saved)) {
      assertThat(checkpoint.names())
          .contains("model.encoder.embed_positions.weight", "model.decoder.embed_positions.weight");
    }
  }

  private Path saved(Path folder) {
    Path saved = temporary.resolve("saved");
    try (EncoderDecoder network = SequenceReferenceTest.load(folder)) {
      CheckpointFolder.write(saved, folder, network.modelConfig(), network, StoredType.F32);
    }
    return saved;
  }

  private Path copy(String name) throws Exception {
    Path folder = Files.createDirectory(temporary.resolve(name));
    for (String file : new String[] {ModelConfig.FILE, "model.safetensors"}) {
      Files.copy(source(name).resolve(file), folder.resolve(file));
    }
    return folder;
  }

  private static Path source(String name) throws Exception {
    return Path.of(
        Objects.requireNonNull(
                SequenceGenerationsTest.class.getResource("/sequences/" + name), name)
            .toURI());
  }

  private static void change(Path folder, String type, String fields) throws IOException {
    Path file = folder.resolve(ModelConfig.FILE);
    ObjectNode config = (ObjectNode) Json.parse(Files.readString(file));
    config.put("model_type", type);
    config.put("feed_forward_proj", "gated-gelu");
    config.setAll((ObjectNode) Json.parse(fields));
    Files.writeString(file, Json.compact(config));
  }

  private static double deviation(Path folder, String name) throws Exception {
    try (EncoderDecoder network = SequenceReferenceTest.load(folder);
        SafetensorsFile expected =
            SafetensorsFile.open(source(name).resolve("expected.safetensors"))) {
      SequenceInputs inputs = SequenceReferenceTest.inputs(expected);
      float[] wanted = SequenceReferenceTest.floats(expected, "logits");
      float[] found = SequenceLoss.logits(network, inputs);
      int vocabulary = wanted.length / inputs.labels().length;
      double worst = 0;
      for (int i = 0; i < wanted.length; i++) {
        if (inputs.labels()[i / vocabulary] != TargetRows.IGNORED) {
          worst = Math.max(worst, Math.abs(wanted[i] - found[i]));
        }
      }
      return worst;
    }
  }
}

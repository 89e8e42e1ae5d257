package io.adapt4j.gguf;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.SequenceToSequenceModel;
import io.adapt4j.core.SmallSequenceModel;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.generate.SequenceOptions;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.method.Adapter;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.task.Task;
import io.adapt4j.core.tokenize.Tokenizer;
import io.adapt4j.gguf.format.GgufFile;
import io.adapt4j.gguf.format.GgufTensor;
import io.adapt4j.gguf.format.GgufWriter;
import io.adapt4j.gguf.format.TensorSource;
import io.adapt4j.gguf.format.TensorType;
import io.adapt4j.lora.Lora;
import io.adapt4j.lora.LoraAdapter;
import io.adapt4j.lora.Targets;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.FieldSource;

/** Encoder-decoders as GGUF files, there and back, against llama.cpp's own numbers. */
class SequenceFilesTest {

  static final List<String> KINDS = SequenceModels.KINDS;

  private static final String SCALED = "adapt4j.scaled_output_norm";

  @TempDir private Path folder;

  @BeforeEach
  void useFolderForUnpackedFiles() {
    System.setProperty("adapt4j.model.files", folder.resolve("files").toString());
  }

  private Path model(String kind) throws IOException {
    return SequenceModels.write(folder.resolve(kind), kind);
  }

  private Path exported(Path model, GgufQuantization type) {
    return exported(GgufExport.of(model), type);
  }

  private Path exported(GgufExport export, GgufQuantization type) {
    Path file = folder.resolve(type + ".gguf");
    export.type(type).to(file);
    return file;
  }

  private static float[] logits(Path model) {
    return SequenceModels.logits(ModelSource.path(model).folder());
  }

  private static List<int[]> written(Path model, List<int[]> sources, Adapter... adapters) {
    try (SequenceToSequenceModel loaded =
        SequenceToSequenceModel.load(ModelSource.path(model), Precision.FP32, adapters)) {
      return loaded.generateIds(
          sources, SequenceOptions.builder().numBeams(1).maxNewTokens(24).ignoreEos(true).build());
    }
  }

  private static JsonNode llamaCpp() throws IOException {
    return Json.parse(Files.readString(GoldenFolders.of("t5").resolve("llama-cpp.json")));
  }

  private static List<int[]> rows(JsonNode rows) {
    List<int[]> all = new ArrayList<>();
    for (JsonNode row : rows) {
      all.add(IntStream.range(0, row.size()).map(i -> row.path(i).asInt()).toArray());
    }
    return all;
  }

  @ParameterizedTest
  @FieldSource("KINDS")
  void aFileInFp32ComputesAsItsFolder(String kind) throws IOException {
    Path model = model(kind);
    Path file = exported(model, GgufQuantization.F32);
    assertThat(logits(file)).containsExactly(logits(model), within(2e-5f));
    assertThat(SequenceToSequenceModel.reads(ModelSource.path(file))).isTrue();
  }

  /** Transformers 5 says so of every T5, and of the scale by a separate field. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          t5   | {"tie_word_embeddings": true, "scale_decoder_outputs": true}
          t5   | {"tie_word_embeddings": true, "scale_decoder_outputs": false}
          flan | {"tie_word_embeddings": true, "scale_decoder_outputs": false}
          flan | {"tie_word_embeddings": true, "scale_decoder_outputs": true}
          """)
  void aFileOfAConfigurationOfTransformers5ComputesAsItsFolder(String kind, String fields)
      throws IOException {
    Path model = model(kind);
    Path config = model.resolve("config.json");
    ObjectNode changed = (ObjectNode) Json.parse(Files.readString(config));
    changed.setAll((ObjectNode) Json.parse(fields));
    Files.writeString(config, Json.compact(changed.put("transformers_version", "5.15.0")));
    Path file = exported(model, GgufQuantization.F32);
    assertThat(logits(file)).containsExactly(logits(model), within(2e-5f));
  }

  @ParameterizedTest
  @FieldSource("KINDS")
  void aFileWritesTheTokensThatLlamaCppWrites(String kind) throws IOException {
    Path file = exported(model(kind), GgufQuantization.F32);
    assertThat(written(file, rows(llamaCpp().path("prompts"))))
        .usingElementComparator(Arrays::compare)
        .isEqualTo(rows(llamaCpp().path("ids").path(kind)));
  }

  /** The factor of a tied output is in the file, where llama.cpp computes with it. */
  @Test
  void theScoresOfATiedOutputAreThoseOfLlamaCpp() throws IOException {
    float[] found = logits(exported(model("t5"), GgufQuantization.F32));
    JsonNode expected = llamaCpp().path("logits_t5");
    assertThat(found).hasSize(expected.size());
    for (int i = 0; i < found.length; i++) {
      assertThat(found[i]).isCloseTo((float) expected.path(i).asDouble(), within(3e-5f));
    }
  }

  @Test
  void textsHaveTheTokensThatTheyHaveInLlamaCpp() throws IOException {
    Path file = exported(model("t5"), GgufQuantization.F32);
    List<int[]> expected = rows(llamaCpp().path("text_ids"));
    try (Tokenizer tokenizer = Tokenizer.load(ModelSource.path(file).folder())) {
      for (int i = 0; i < expected.size(); i++) {
        String text = llamaCpp().path("texts").path(i).asText();
        assertThat(tokenizer.encode(text, true)).as(text).isEqualTo(expected.get(i));
      }
    }
  }

  /** Files of the official converter have the norm as the checkpoint has it. */
  @Test
  void aNormThatIsNotSaidToHaveTheFactorIsReadAsItIs() throws IOException {
    Path model = model("t5");
    Path file = exported(model, GgufQuantization.F32);
    Path official = folder.resolve("official.gguf");
    try (GgufFile written = GgufFile.open(file)) {
      List<TensorSource> tensors = new ArrayList<>();
      for (GgufTensor tensor : written.tensors().values()) {
        tensors.add(new CopiedTensor(written, tensor));
      }
      GgufWriter.write(
          official, written.metadata().toBuilder().bool(SCALED, false).build(), tensors);
    }
    float[] expected = logits(model);
    for (int i = 0; i < expected.length; i++) {
      expected[i] /= (float) Math.sqrt(32);
    }
    assertThat(logits(official)).containsExactly(expected, within(1e-5f));
  }

  @ParameterizedTest
  @EnumSource(
      value = GgufQuantization.class,
      names = {"F16", "BF16", "Q8_0", "Q4_0", "Q4_K_M"})
  void aFileOfEveryTypeComputesAsItsDequantizedWeights(GgufQuantization type) throws IOException {
    Path file = ModelSource.path(exported(model("flan"), type)).folder();
    assertThat(SequenceModels.logits(file))
        .containsExactly(SequenceModels.dequantizedLogits(file), within(1e-4f));
  }

  /** As those of decoders, whose layers are not counted by sides. */
  @Test
  void numbersForDistancesAreNotQuantized() throws IOException {
    try (GgufFile file = GgufFile.open(exported(model("umt5"), GgufQuantization.Q4_0))) {
      assertThat(file.tensor("dec.blk.1.attn_rel_b.weight").type()).isEqualTo(TensorType.F32);
      assertThat(file.tensor("dec.blk.1.cross_attn_v.weight").type()).isEqualTo(TensorType.Q4_0);
    }
  }

  @Test
  void anAdapterIsMergedOnTheWay() throws IOException {
    Path base = model("t5");
    Path adapter = trained(base);
    LoraAdapter.at(adapter).writeMerged(base, folder.resolve("merged"));
    Path file = exported(GgufExport.of(base).adapter(Adapter.at(adapter)), GgufQuantization.F32);
    assertThat(logits(file)).containsExactly(logits(folder.resolve("merged")), within(2e-5f));
    assertThat(logits(file)).isNotEqualTo(logits(base));
  }

  @Test
  void aFileIsABaseToTrainOver() throws IOException {
    Path file = exported(model("flan"), GgufQuantization.Q8_0);
    List<int[]> sources = List.of(new int[] {4, 7, 1});
    assertThat(written(file, sources, Adapter.at(trained(file))).get(0))
        .isNotEqualTo(written(file, sources).get(0));
  }

  private Path trained(Path base) {
    List<Example> rows =
        Collections.nCopies(8, new Example.PromptCompletion("the cat", "that fat hat"));
    return FineTuner.builder()
        .model(ModelSource.path(base))
        .task(Task.sequenceToSequence())
        .dataset(Datasets.of(rows))
        .method(Lora.rank(2).targets(Targets.names("q", "v")))
        .precision(Precision.FP32)
        .epochs(4)
        .learningRate(3e-2)
        .batchSize(4)
        .output(folder.resolve("run"))
        .build()
        .run()
        .last();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "\"d_kv\": 8 | \"d_kv\": 8, \"relative_attention_max_distance\": 20"
            + " | 'relative_attention_max_distance': expected 128",
        "gated-gelu | gated-silu | 'feed_forward_proj': expected relu or gated-gelu",
        "\"num_decoder_layers\": 1 | \"num_decoder_layers\": 3"
            + " | 'num_decoder_layers': expected at most the 2 layers of the encoder"
      })
  void whatLlamaCppComputesOtherwiseIsRefused(String from, String to, String message)
      throws IOException {
    String config = SequenceModels.config("flan").replace(from, to);
    Path model = SequenceModels.write(folder.resolve("model"), "flan", config);
    refuses(CheckpointException.class, () -> exported(model, GgufQuantization.F32), message);
  }

  @ParameterizedTest
  @CsvSource({
    "bart, BartForConditionalGeneration",
    "mbart, MBartForConditionalGeneration",
    "pegasus, PegasusForConditionalGeneration",
    "marian, MarianMTModel"
  })
  void familiesThatLlamaCppLacksAreRefusedByName(String family, String modelClass)
      throws IOException {
    String config =
        SmallSequenceModel.MARIAN.replace("MarianMTModel", modelClass).replace("marian", family);
    Path model = SmallSequenceModel.write(folder.resolve("model"), config);
    assertThatThrownBy(() -> exported(model, GgufQuantization.F32))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("found \"" + family + "\"")
        .hasMessageContaining("llama.cpp does not run models of this family")
        .hasMessageContaining("run this model here");
  }
}

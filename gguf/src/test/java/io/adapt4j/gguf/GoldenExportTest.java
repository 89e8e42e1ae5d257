package io.adapt4j.gguf;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.method.Adapter;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.gguf.format.GgufFile;
import io.adapt4j.gguf.format.GgufTensor;
import io.adapt4j.gguf.format.GgufWriter;
import io.adapt4j.gguf.format.TensorSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Files against those of llama.cpp's own converter and quantizer, to the byte. */
class GoldenExportTest {

  private static final String SCORES = "tokenizer.ggml.scores";

  @TempDir private Path folder;

  /** Files of other types, which the official quantizer has made from the same F32 files. */
  static Stream<Arguments> quantizedFiles() throws IOException {
    return Files.readAllLines(GoldenFolders.of("quantized-files.txt")).stream()
        .map(line -> Arguments.of((Object[]) line.split(" ", 3)));
  }

  @ParameterizedTest
  @MethodSource("quantizedFiles")
  void writesTheBytesOfTheOfficialQuantizer(String model, String type, String sha256)
      throws IOException {
    Path file = folder.resolve("model.gguf");
    export(model, type).to(file);
    Path comparable = model.equals("llama_k") ? withTheConvertersScores(file) : file;
    assertThat(GoldenFolders.sha256(comparable)).isEqualTo(sha256);
  }

  private static GgufExport export(String model, String type) throws IOException {
    GgufExport export =
        GgufExport.of(GoldenFolders.of(model))
            .name("tiny " + model)
            .type(GgufQuantization.valueOf(type.toUpperCase(Locale.ROOT)));
    Optional.ofNullable(GoldenFolders.expected(model).path("tokenizer_pre_given").textValue())
        .ifPresent(export::preTokenizer);
    return export;
  }

  static Stream<Arguments> files() throws IOException {
    List<Arguments> files = new ArrayList<>();
    for (String model : List.of("llama_k", "qwen2", "gemma2", "gpt2")) {
      GoldenFolders.expected(model)
          .path("types")
          .fieldNames()
          .forEachRemaining(type -> files.add(Arguments.of(model, type)));
    }
    return files.stream();
  }

  @ParameterizedTest
  @MethodSource("files")
  void writesTheBytesOfTheOfficialTools(String model, String type) throws IOException {
    JsonNode expected = GoldenFolders.expected(model);
    Path file = folder.resolve("model.gguf");
    ExportedModel exported = export(model, type).to(file);

    Path comparable = model.equals("llama_k") ? withTheConvertersScores(file) : file;
    assertThat(GoldenFolders.sha256(comparable))
        .isEqualTo(expected.path("types").path(type).path("file_sha256").asText());
    assertThat(exported.bytes())
        .isEqualTo(expected.path("types").path(type).path("file_bytes").asLong());
  }

  /**
   * Where a model has no {@code tokenizer.model} the converter writes -1000 for every score, which
   * loses the order of merges. Ours are their ranks; all else must be equal.
   */
  private Path withTheConvertersScores(Path file) {
    Path target = folder.resolve("scores.gguf");
    try (GgufFile written = GgufFile.open(file)) {
      double[] ranks = written.metadata().numbers(SCORES).orElseThrow();
      assertThat(Arrays.stream(ranks).distinct().count()).isGreaterThan(100);
      float[] scores = new float[ranks.length];
      Arrays.fill(scores, -1000);
      List<TensorSource> tensors = new ArrayList<>();
      for (GgufTensor tensor : written.tensors().values()) {
        tensors.add(new CopiedTensor(written, tensor));
      }
      GgufWriter.write(
          target, written.metadata().toBuilder().float32s(SCORES, scores).build(), tensors);
    }
    return target;
  }

  @ParameterizedTest
  @ValueSource(strings = {"f32", "f16"})
  void writesAdaptersAsTheOfficialConverterDoes(String type) throws IOException {
    Path qwen = GoldenFolders.of("qwen2");
    Path file = folder.resolve("adapter.gguf");
    GgufAdapter.of(ModelSource.path(qwen), Adapter.at(qwen.resolve("adapter")))
        .type(GgufQuantization.valueOf(type.toUpperCase(Locale.ROOT)))
        .to(file);

    assertThat(GoldenFolders.sha256(file))
        .isEqualTo(
            GoldenFolders.expected("qwen2").at("/lora/types/" + type + "/file_sha256").asText());
  }
}

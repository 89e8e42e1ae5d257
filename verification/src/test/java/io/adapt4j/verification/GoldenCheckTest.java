package io.adapt4j.verification;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import io.adapt4j.benchmarks.harness.JavaCommand;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.TensorEntry;
import io.adapt4j.verification.golden.GoldenSuite;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GoldenCheckTest {

  @TempDir private Path temporary;

  @Test
  void aGoldenModelPassesInEveryQuantity() {
    List<String> lines = run(true, golden("models/llama_bf16"));
    assertThat(lines)
        .allSatisfy(line -> assertThat(line).matches(".* PASS|.* passed, 0 failed, 0 unsupported"))
        .anyMatch(line -> line.matches("models/llama_bf16 +logits_native +error .*"));
  }

  @Test
  void numbersOfAFolderBesideApplyWhereAFolderNamesItAsSource() throws IOException {
    copy(golden("models/llama_bf16"), temporary.resolve("plain"));
    Path again = temporary.resolve("again");
    copy(golden("models/llama_bf16"), again);
    Files.delete(again.resolve("expected.safetensors"));
    Files.writeString(
        again.resolve("expected.json"), "{\"kind\": \"causal\", \"source\": \"plain\"}");
    assertThat(run(true, again)).anyMatch(line -> line.contains("logits_native"));
  }

  @Test
  void aFamilyThatIsNotOfferedIsUnsupportedWithTheReason() throws IOException {
    Path other = temporary.resolve("models").resolve("other");
    copy(golden("models/llama_bf16"), other);
    Path config = other.resolve("config.json");
    Files.writeString(config, Files.readString(config).replace("\"llama\"", "\"mamba\""));
    assertThat(run(true, other))
        .hasSize(2)
        .contains("0 passed, 0 failed, 1 unsupported")
        .anyMatch(line -> line.matches("models/other +folder +UNSUPPORTED .*family mamba.*"));
  }

  @Test
  void foldersOfTransformersFivePassInEveryQuantity() {
    for (String name : List.of("mixtral", "modernbert", "qwen3_moe", "qwen3_moe_fused")) {
      List<String> lines = run(true, golden("v5/models/" + name));
      assertThat(lines.get(lines.size() - 1)).matches("[1-9]\\d+ passed, 0 failed, 0 unsupported");
    }
  }

  @Test
  void everyKindOfSharedFolderPassesOrIsNamed() {
    List<String> lines =
        run(true, golden("nf4"), golden("metrics"), golden("methods"), golden("embedders"));
    assertThat(lines)
        .noneMatch(line -> line.contains("FAIL"))
        .anyMatch(line -> line.matches("4-bit tensors: [1-9]\\d* passed, 0 failed, 0 uns.*"))
        .anyMatch(line -> line.matches("4-bit checkpoints: [1-9]\\d* passed, 0 failed, 0 uns.*"))
        .anyMatch(line -> line.matches("metrics of translations: [1-9]\\d* passed, 0 failed.*"))
        .anyMatch(line -> line.matches("metrics of classes: [1-9]\\d* passed, 0 failed, 0 uns.*"))
        .anyMatch(line -> line.matches("methods: [1-9]\\d* passed, 0 failed, 0 unsupported"))
        .anyMatch(line -> line.matches("embedders: [1-9]\\d* passed, 0 failed, 0 unsupported"))
        .anyMatch(line -> line.matches("rerankers: [1-9]\\d* passed, 0 failed, 0 unsupported"));
  }

  @Test
  void foldersOfPicturesAndSpeechPassInEveryQuantity() {
    List<String> lines = run(true, golden("multimodal"));
    assertThat(lines.get(lines.size() - 1)).matches("[1-9]\\d+ passed, 0 failed, 0 unsupported");
    assertThat(lines)
        .anyMatch(line -> line.matches("operations on pictures: [1-9]\\d* passed, .*"))
        .anyMatch(line -> line.matches("adapters on pictures: [1-9]\\d* passed, .*"))
        .anyMatch(line -> line.matches("conversations about pictures: [1-9]\\d* passed, .*"));
  }

  @Test
  void aClassifierOfPicturesIsComparedInAnotherSizeToo() throws IOException {
    Path folder = temporary.resolve("vit");
    copy(Path.of("..", "vision", "src", "test", "resources", "classifiers", "vit"), folder);
    Files.createDirectory(folder.resolve("images"));
    Files.copy(
        golden("multimodal/models/siglip").resolve("images/photo_64x50.png"),
        folder.resolve("images/photo.png"));
    Files.writeString(folder.resolve("expected.json"), "{\"kind\": \"image_cls\"}");
    Files.writeString(folder.resolve("cases.json"), "{\"image_order\": [\"photo.png\"]}");
    Files.writeString(
        folder.resolve("preprocessor_config.json"),
        """
        {"image_processor_type": "ViTImageProcessor", "size": {"height": 32, "width": 32},
         "image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5]}""");
    // The pictures behind the first numbers are not stored.
    assertThat(run(false, folder))
        .anyMatch(line -> line.matches(".*/vit +logits +FAIL expected 6 values, found 3"))
        .anyMatch(line -> line.matches(".*/vit +other_size.logits +error .* PASS"));
  }

  @Test
  void adaptersThatStartFromTheBaseOrTrainMagnitudesPass() {
    for (String name : List.of("dora_rslora", "pissa", "olora", "ia3", "lora_bias")) {
      List<String> lines = run(true, golden("next/lora/" + name));
      assertThat(lines.get(lines.size() - 1)).matches("[1-9]\\d+ passed, 0 failed, 0 unsupported");
    }
  }

  @Test
  void mixturesOfExpertsPass() {
    List<String> lines =
        run(
            true,
            golden("next/models/gpt_oss"),
            golden("next/models/gpt_oss_mxfp4"),
            golden("next/models/qwen2_moe"),
            golden("next/lora/gpt_oss_params"));
    assertThat(lines)
        .noneMatch(line -> line.contains("FAIL"))
        .anyMatch(line -> line.matches(".*gpt_oss .*router\\.1 .*PASS"))
        .anyMatch(line -> line.matches("[1-9]\\d+ passed, 0 failed, 0 unsupported"));
  }

  @Test
  void ggufFilesAreExportedAndComparedByteByByte() {
    List<String> lines =
        run(true, golden("gguf/mistral"), golden("gguf/mixtral"), golden("gguf/gpt2"));
    assertThat(lines)
        .noneMatch(line -> line.contains("FAIL"))
        .anyMatch(line -> line.matches("[1-9]\\d+ passed, 0 failed, 0 unsupported"));
  }

  @Test
  void whatThisBuildDoesNotOfferIsNamed() {
    for (String[] unsupported :
        new String[][] {
          {"next/lora/vera", "adapter kind VERA"},
          {"next/lora/loha", "adapter kind LOHA"},
          {"gguf/vectors", "format GGUF"}
        }) {
      assertThat(run(true, golden(unsupported[0])))
          .hasSize(2)
          .contains("0 passed, 0 failed, 1 unsupported")
          .anyMatch(line -> line.contains("UNSUPPORTED " + unsupported[1]));
    }
  }

  @Test
  void anUnknownKindIsNamed() throws IOException {
    Files.writeString(temporary.resolve("expected.json"), "{\"kind\": \"speech\"}");
    Files.writeString(temporary.resolve("config.json"), "{\"model_type\": \"whisper\"}");
    assertThat(run(true, temporary))
        .contains("0 passed, 0 failed, 1 unsupported")
        .anyMatch(line -> line.contains("UNSUPPORTED kind speech (model_type whisper)"));
  }

  @Test
  void aFileOfUnknownCasesIsNamedAndOneOfAnswersIsChecked() throws IOException {
    Path deep = Files.createDirectories(temporary.resolve("a").resolve("b"));
    Files.writeString(deep.resolve("strange.json"), "{\"cases\": [{\"what\": 1}]}");
    Files.writeString(
        deep.resolve("any name.json"),
        "{\"cases\": [{\"gold\": \"The cat\", \"prediction\": \"a cat\", \"exact\": 1, \"f1\": 1.0,"
            + " \"gold_normalized\": \"cat\", \"prediction_normalized\": \"cat\"}]}");
    assertThat(run(true, temporary))
        .contains("3 passed, 0 failed, 1 unsupported")
        .anyMatch(line -> line.contains("UNSUPPORTED golden file strange.json"));
  }

  @Test
  void pickledWeightsPassByBeingRefused() throws IOException {
    Files.writeString(
        temporary.resolve("config.json"),
        "{\"model_type\": \"llama\", \"architectures\": [\"LlamaForCausalLM\"]}");
    Files.writeString(temporary.resolve("expected.json"), "{\"kind\": \"causal\"}");
    Files.writeString(temporary.resolve("pytorch_model.bin"), "pickle");
    assertThat(run(true, temporary)).contains("1 passed, 0 failed, 0 unsupported");
  }

  @Test
  void aModelFolderOfPickledWeightsAlonePassesToo() throws IOException {
    Path folder = Files.createDirectories(temporary.resolve("any").resolve("name"));
    Files.writeString(folder.resolve("config.json"), "{\"model_type\": \"bert\"}");
    Files.writeString(folder.resolve("pytorch_model-00001-of-00002.bin"), "pickle");
    assertThat(run(true, temporary)).contains("1 passed, 0 failed, 0 unsupported");
  }

  @Test
  void aPickledAdapterPassesByBeingRefused() throws IOException {
    Path run = temporary.resolve("lora").resolve("case");
    copy(golden("models/llama"), temporary.resolve("models").resolve("base"));
    copy(golden("lora/llama_qv"), run);
    copy(golden("lora/llama_qv/initial"), run.resolve("initial"));
    Path options = run.resolve("train.json");
    Files.writeString(
        options, Files.readString(options).replace("\"models/llama\"", "\"models/base\""));
    Files.move(
        run.resolve("initial/adapter_model.safetensors"), run.resolve("initial/adapter_model.bin"));
    assertThat(run(true, run)).contains("1 passed, 0 failed, 0 unsupported");
  }

  @Test
  void fourBitCheckpointsWithAnExactTableAreComparedWithThat() throws IOException {
    Path folder = temporary.resolve("quantized");
    FourBitFixture.write(golden("models/llama"), folder);
    assertThat(run(true, folder))
        .noneMatch(line -> line.contains("FAIL"))
        .anyMatch(line -> line.matches(".* logits_fp32_by_quant_map +error .* PASS"))
        .anyMatch(line -> line.matches(".* dequant_by_quant_map.*down_proj.weight +error .* PASS"));
  }

  @Test
  void aSupportedFamilyThatIsRefusedFails() throws IOException {
    Path other = temporary.resolve("models").resolve("other");
    copy(golden("models/llama_bf16"), other);
    Path config = other.resolve("config.json");
    Files.writeString(config, Files.readString(config).replace("\"silu\"", "\"mystery\""));
    assertThat(run(false, other)).anyMatch(line -> line.matches(".*FAIL .*hidden_act.*mystery.*"));
  }

  @Test
  void namesOfTrainedTensorsAreThoseOfAdapterFiles() throws IOException {
    // DoRA's magnitudes are modules with a weight in PEFT's memory, and plain tensors in its files.
    assertThat(run(true, golden("next/lora/dora_rslora")))
        .anyMatch(
            line ->
                line.matches(".*grad_random.*lora_magnitude_vector.default.weight +error .* PASS"));
  }

  @Test
  void anEncoderEmbedsAsSentenceTransformers() throws IOException {
    Path folder = temporary.resolve("embedder");
    EmbedderFixture.write(golden("models/bert"), folder);
    assertThat(run(true, folder))
        .anyMatch(line -> line.matches(".* token_embeddings +error .* PASS"))
        .anyMatch(line -> line.matches(".* embeddings +error .* PASS"))
        .anyMatch(line -> line.matches(".* similarity +error .* PASS"));
  }

  @Test
  void everyGoldenModelAndTrainingRunPassesInEveryQuantity() {
    assertThat(run(true, golden("models"), golden("lora")))
        .allSatisfy(line -> assertThat(line).matches(".* PASS|.* passed, 0 failed, 0 unsupported"))
        .anyMatch(line -> line.matches("models/modernbert +logits_left +error .*"))
        .anyMatch(line -> line.matches("lora/bert_cls +steps: loss +error .*"));
  }

  @Test
  void everyLossOfPreferencesPassesInEveryQuantity() {
    List<String> lines = run(true, golden("preference"));
    assertThat(lines)
        .allSatisfy(line -> assertThat(line).matches(".* PASS|.* passed, 0 failed, 0 unsupported"))
        .anyMatch(line -> line.matches("golden/preference +dpo aot_pair mean +error .*"))
        .anyMatch(line -> line.matches("golden/preference +dpo robust_ls0.1 losses +error .*"))
        .anyMatch(line -> line.matches("golden/preference +kto kto_weights mean +error .*"))
        .anyMatch(line -> line.matches("preference/dpo_run +dpo_run: loss +error .*"));
  }

  @Test
  void everyGoldenConversationAndTemplatePasses() {
    List<String> lines = run(true, golden("chat"));
    assertThat(lines)
        .allSatisfy(line -> assertThat(line).matches(".* PASS|.* passed, 0 failed, 0 unsupported"))
        .anyMatch(line -> line.matches("chat/llama3_training +unicode spans +equal PASS"))
        .anyMatch(line -> line.matches("chat/jinja_features.json +slices +equal PASS"));
  }

  @Test
  void aConversationThatRendersOtherwiseFailsAtTheCharacter() throws IOException {
    Files.writeString(temporary.resolve("template.jinja"), "{{ messages[0].content }}!");
    Files.writeString(
        temporary.resolve("cases.json"),
        "{\"cases\": [{\"name\": \"one\", \"rendered\": \"Hi?\", \"variables\": {},"
            + " \"messages\": [{\"role\": \"user\", \"content\": \"Hi\"}]}]}");
    assertThat(run(false, temporary))
        .anyMatch(line -> line.matches(".* one +FAIL at character 2: expected '\\?', found '!'"));
  }

  @Test
  void aWrongExpectedLogitFails() throws IOException {
    assertThat(run(false, tampered(100f)))
        .anyMatch(line -> line.matches("changed/model +logits +error .* FAIL"));
  }

  @Test
  void anExpectedLogitThatIsNotANumberFails() throws IOException {
    assertThat(run(false, tampered(Float.NaN)))
        .anyMatch(line -> line.matches("changed/model +logits +error NaN .* FAIL"));
  }

  @Test
  void aFolderThatIsNotGoldenFailsInOneLine() {
    Path absent = temporary.resolve("absent");
    assertThat(run(false, temporary, absent))
        .hasSize(3)
        .contains("0 passed, 2 failed, 0 unsupported")
        .anyMatch(line -> line.contains("FAIL") && line.contains(absent + ": expected a golden"));
  }

  @Test
  void malformedExpectationsFailInOneLine() throws IOException {
    Files.writeString(temporary.resolve("expected.json"), "{\"kind\": ");
    assertThat(run(false, temporary))
        .hasSize(2)
        .anyMatch(line -> line.contains("FAIL") && line.contains("expected JSON"));
  }

  @Test
  void theProgramExitsWithOneWhereSomethingFailed() throws Exception {
    Process program =
        JavaCommand.of(GoldenCheck.class, List.of(), List.of(temporary.toString()))
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    assertThat(program.waitFor()).isEqualTo(1);
  }

  private static List<String> run(boolean passes, Path... folders) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (PrintStream out = new PrintStream(bytes, false, StandardCharsets.UTF_8)) {
      assertThat(GoldenSuite.run(List.of(folders), out)).isEqualTo(passes);
    }
    return bytes.toString(StandardCharsets.UTF_8).lines().toList();
  }

  /** A copy of a golden model whose first expected logit is another number. */
  private Path tampered(float logit) throws IOException {
    Path copy = temporary.resolve("changed").resolve("model");
    copy(golden("models/llama_bf16"), copy);
    Path file = copy.resolve("expected.safetensors");
    TensorEntry logits;
    try (Checkpoint expected = Checkpoint.openFile(file)) {
      logits = expected.entry("logits");
    }
    try (RandomAccessFile bytes = new RandomAccessFile(file.toFile(), "rw")) {
      bytes.seek(logits.offset());
      bytes.writeInt(Integer.reverseBytes(Float.floatToRawIntBits(logit)));
    }
    return copy;
  }

  private static void copy(Path from, Path to) throws IOException {
    Files.createDirectories(to);
    try (Stream<Path> files = Files.list(from)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Files.write(to.resolve(file.getFileName().toString()), Files.readAllBytes(file));
      }
    }
  }

  /** A reference folder beside the repository, which may be absent. */
  private static Path golden(String name) {
    for (Path at = Path.of("").toAbsolutePath(); at != null; at = at.getParent()) {
      Path folder = at.resolve("shared").resolve("golden").resolve(name);
      if (Files.isDirectory(folder)) {
        return folder;
      }
    }
    return abort("no folder shared/golden/" + name + " beside the repository");
  }
}

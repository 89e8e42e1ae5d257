package io.adapt4j.verification;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.withinPercentage;

import io.adapt4j.core.Golden;
import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.StoredValues;
import io.adapt4j.core.method.Adapter;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.gguf.ExportedModel;
import io.adapt4j.gguf.GgufAdapter;
import io.adapt4j.gguf.GgufExport;
import io.adapt4j.gguf.GgufQuantization;
import io.adapt4j.gguf.format.GgufFile;
import io.adapt4j.gguf.format.GgufMetadata;
import io.adapt4j.gguf.format.GgufTensor;
import io.adapt4j.gguf.format.Quantizer;
import io.adapt4j.gguf.format.TensorType;
import io.adapt4j.lora.LoraAdapter;
import io.adapt4j.verification.PictureModels.Edit;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Files of models that read pictures: the text model, and the image tower with its projector in an
 * mmproj file beside it. What llama.cpp computes with them is in {@link LlamaPicturesTest}.
 */
class PictureFilesTest {

  private static final Path PICTURE = PictureModels.IDEFICS.resolve("images/photo_37x53.png");
  private static final String VISION = "clip.vision.";
  private static final String LAYER = "model.vision_model.encoder.layers.1.";

  @TempDir private Path folder;

  private GgufExport export(Path model, GgufQuantization type) {
    return GgufExport.of(model).type(type).preTokenizer("gpt-2").name("tiny");
  }

  private ExportedModel write(GgufExport export, String name) {
    return export.to(folder.resolve(name + ".gguf"));
  }

  private static GgufFile mmproj(ExportedModel exported) {
    return GgufFile.open(exported.mmproj().orElseThrow());
  }

  @Test
  void theTextModelHasItsOwnArchitecture() {
    ExportedModel exported = write(export(PictureModels.IDEFICS, GgufQuantization.Q8_0), "model");

    assertThat(exported.mmproj()).contains(folder.resolve("mmproj-model.gguf"));
    try (GgufFile file = GgufFile.open(exported.file())) {
      assertThat(file.metadata().string("general.architecture")).contains("llama");
      assertThat(file.metadata().string("tokenizer.chat_template")).isPresent();
      assertThat(file.tensors().keySet())
          .contains("token_embd.weight", "blk.0.attn_q.weight")
          .noneMatch(name -> name.startsWith("v.") || name.startsWith("mm."));
    }
  }

  @Test
  void theTowerHasTheKeysThatLlamaCppReads() {
    try (GgufFile file =
        mmproj(write(export(PictureModels.IDEFICS, GgufQuantization.Q8_0), "model"))) {
      GgufMetadata keys = file.metadata();
      assertThat(keys.string("general.architecture")).contains("clip");
      assertThat(keys.string("general.type")).contains("mmproj");
      assertThat(keys.integer("general.file_type")).hasValue(1);
      assertThat(keys.bool("clip.has_vision_encoder")).contains(true);
      assertThat(keys.string("clip.projector_type")).contains("idefics3");
      assertThat(keys.bool("clip.use_gelu")).contains(true);
      Map.of(
              "projection_dim", 48,
              "image_size", 32,
              "patch_size", 8,
              "embedding_length", 32,
              "feed_forward_length", 64,
              "block_count", 2,
              "attention.head_count", 4,
              "projector.scale_factor", 2,
              "preproc_image_size", 128)
          .forEach((key, value) -> assertThat(keys.integer(VISION + key)).as(key).hasValue(value));
      assertThat(keys.numbers(VISION + "image_mean")).contains(new double[] {0.5, 0.5, 0.5});
      assertThat(keys.numbers(VISION + "image_std")).contains(new double[] {0.5, 0.5, 0.5});
      assertThat(keys.number(VISION + "attention.layer_norm_epsilon").orElseThrow())
          .isEqualTo((float) 1e-6);
    }
  }

  @ParameterizedTest
  @CsvSource({"F32, F32", "F16, F16", "Q8_0, F16"})
  void matricesOfTheTowerAreNotQuantized(GgufQuantization type, TensorType matrices) {
    try (GgufFile file = mmproj(write(export(PictureModels.IDEFICS, type), "model"))) {
      file.tensors()
          .values()
          .forEach(
              tensor -> {
                boolean small =
                    tensor.shape().size() == 1 || tensor.name().equals("v.position_embd.weight");
                assertThat(tensor.type())
                    .as(tensor.name())
                    .isEqualTo(small ? TensorType.F32 : matrices);
              });
    }
  }

  @ParameterizedTest
  @CsvSource({
    "v.patch_embd.weight, model.vision_model.embeddings.patch_embedding.weight",
    "v.patch_embd.bias, model.vision_model.embeddings.patch_embedding.bias",
    "v.position_embd.weight, model.vision_model.embeddings.position_embedding.weight",
    "v.post_ln.weight, model.vision_model.post_layernorm.weight",
    "v.blk.1.ln1.bias, " + LAYER + "layer_norm1.bias",
    "v.blk.1.ln2.weight, " + LAYER + "layer_norm2.weight",
    "v.blk.1.attn_q.weight, " + LAYER + "self_attn.q_proj.weight",
    "v.blk.1.attn_k.weight, " + LAYER + "self_attn.k_proj.weight",
    "v.blk.1.attn_v.bias, " + LAYER + "self_attn.v_proj.bias",
    "v.blk.1.attn_out.weight, " + LAYER + "self_attn.out_proj.weight",
    "v.blk.1.ffn_up.weight, " + LAYER + "mlp.fc1.weight",
    "v.blk.1.ffn_down.weight, " + LAYER + "mlp.fc2.weight",
    "mm.model.fc.weight, model.connector.modality_projection.proj.weight"
  })
  void tensorsKeepTheirValues(String name, String stored) throws IOException {
    try (GgufFile file =
            mmproj(write(export(PictureModels.IDEFICS, GgufQuantization.F32), "model"));
        Checkpoint checkpoint = Checkpoint.open(PictureModels.IDEFICS)) {
      GgufTensor tensor = file.tensors().get(name);
      List<Long> shape = checkpoint.entry(stored).shape();
      for (int i = 0; i < shape.size(); i++) {
        assertThat(tensor.shape().get(shape.size() - 1 - i)).isEqualTo(shape.get(i));
      }
      float[] values = values(file, tensor);
      assertThat(StoredValues.all(checkpoint, stored, (i, value) -> value == values[(int) i]))
          .isTrue();
    }
  }

  private static float[] values(GgufFile file, GgufTensor tensor) {
    int count = tensor.shape().stream().mapToInt(Long::intValue).reduce(1, Math::multiplyExact);
    ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(tensor.type().bytes(count)));
    file.read(tensor, 0, bytes);
    float[] values = new float[count];
    Quantizer.of(tensor.type()).dequantize(bytes.flip(), values, 0, count);
    return values;
  }

  /** All values are there once, though some tensors are cut and reordered. */
  @ParameterizedTest
  @CsvSource({
    "smolvlm, vision_model|connector, idefics3",
    "qwen2_5_vl, visual, qwen2.5vl_merger",
    "qwen3_vl, visual, qwen3vl_merger",
  })
  void filesOfOtherFamiliesHaveAllValues(String family, String parts, String projector)
      throws IOException {
    List<Edit> edits =
        family.equals("qwen2_5_vl")
            ? List.of(new Edit("config.json", "\"window_size\": 32", "\"window_size\": 112"))
            : List.of();
    Path model =
        PictureModels.copy(
            Golden.folder("multimodal/models/" + family), folder.resolve(family), edits);
    double[] sums = new double[2];
    try (Checkpoint checkpoint = Checkpoint.open(model);
        GgufFile file = mmproj(write(export(model, GgufQuantization.F32), "model"))) {
      assertThat(file.metadata().string("clip.projector_type")).contains(projector);
      checkpoint.names().stream()
          .filter(name -> name.matches("(model\\.)?(" + parts + ")\\..*"))
          .forEach(
              name ->
                  StoredValues.all(
                      checkpoint,
                      name,
                      (i, value) -> {
                        sums[0] += value * value;
                        return true;
                      }));
      for (GgufTensor tensor : file.tensors().values()) {
        for (float value : values(file, tensor)) {
          sums[1] += value * value;
        }
      }
    }
    assertThat(sums[1]).isCloseTo(sums[0], withinPercentage(1e-4));
  }

  @Test
  void anAdapterOfTowerProjectorAndTextModelIsMerged() throws IOException {
    Adapter adapter = PictureModels.adapter(PictureModels.IDEFICS, PICTURE, folder);
    Path merged = folder.resolve("merged");
    ((LoraAdapter) adapter).writeMerged(PictureModels.IDEFICS, merged);

    ExportedModel direct =
        write(export(PictureModels.IDEFICS, GgufQuantization.F32).adapter(adapter), "direct");
    ExportedModel twoSteps = write(export(merged, GgufQuantization.F32), "steps");
    ExportedModel plain = write(export(PictureModels.IDEFICS, GgufQuantization.F32), "plain");

    assertThat(Files.mismatch(direct.file(), twoSteps.file())).isEqualTo(-1);
    assertThat(Files.mismatch(direct.mmproj().orElseThrow(), twoSteps.mmproj().orElseThrow()))
        .isEqualTo(-1);
    assertThat(Files.mismatch(direct.mmproj().orElseThrow(), plain.mmproj().orElseThrow()))
        .isNotEqualTo(-1);

    assertThatThrownBy(
            () ->
                write(
                    export(PictureModels.IDEFICS, GgufQuantization.F32).adapter(adapter).textOnly(),
                    "text"))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("image tower or projector")
        .hasMessageContaining("without textOnly");
    assertThatThrownBy(
            () ->
                GgufAdapter.of(ModelSource.path(PictureModels.IDEFICS), adapter)
                    .to(folder.resolve("adapter.gguf")))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("Merge it instead");
  }

  @Test
  void aFamilyWithoutProjectorInLlamaCppIsRefused() {
    Path model = Golden.folder("multimodal/models/paligemma");

    assertThatThrownBy(() -> write(export(model, GgufQuantization.F32), "model"))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("'model_type'")
        .hasMessageContaining("paligemma")
        .hasMessageContaining("no projector");
    assertThat(folder.resolve("model.gguf")).doesNotExist();
  }

  @Test
  void theTextModelIsWrittenAloneIfAsked() {
    ExportedModel exported =
        write(export(PictureModels.IDEFICS, GgufQuantization.F32).textOnly(), "model");

    assertThat(exported.mmproj()).isEmpty();
    assertThat(folder.resolve("mmproj-model.gguf")).doesNotExist();
  }

  @ParameterizedTest
  @CsvSource({
    "llava_clip, siglip_vision_model, llama",
    "internvl, the position of the one before, llama",
    "paddleocr_vl, interpolates the positions, paddleocr"
  })
  void towersThatLlamaCppComputesOtherwiseAreRefusedAndTheirTextModelsWritten(
      String tower, String reason, String architecture) throws IOException {
    Edit unscaled = new Edit("config.json", "\"scale_factor\"", "\"image_seq_length\"");
    Path model =
        PictureModels.copy(PictureModels.IDEFICS, folder.resolve(tower), List.of(unscaled));
    PictureModels.replaceTower(
        model, tower, ".*(vision_model|connector)\\..*", "model.text_model.");

    assertThatThrownBy(() -> write(export(model, GgufQuantization.F32), "model"))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("model_type")
        .hasMessageContaining(reason)
        .hasMessageContaining("--text-only");
    assertThat(folder.resolve("model.gguf")).doesNotExist();
    ExportedModel text = write(export(model, GgufQuantization.F32).textOnly(), "text");
    try (GgufFile file = GgufFile.open(text.file())) {
      assertThat(file.metadata().string("general.architecture")).contains(architecture);
      assertThat(file.tensors()).containsKey("blk.0.attn_q.weight");
    }
  }

  /** Its files have rotary halves, other than those of GLM-4. */
  @Test
  void theTextModelOfGlmOcrIsReadAsGlm4() throws IOException {
    Path model =
        PictureModels.copy(
            PictureModels.IDEFICS,
            folder.resolve("ocr"),
            List.of(
                new Edit("config.json", "\"llama\"", "\"glm_ocr_text\""),
                new Edit("config.json", "\"scale_factor\"", "\"image_seq_length\"")));
    PictureModels.replaceTower(
        model, "glm_ocr", ".*(vision_model|connector)\\..*", "model.text_model.");
    PictureModels.changeLayers(model, 3, PictureModels.GLM_LAYERS);
    ExportedModel file = write(export(model, GgufQuantization.F32), "model");
    List<int[]> prompt = List.of(new int[] {3, 17, 8, 30, 5});
    GenerationOptions options =
        GenerationOptions.greedy().toBuilder().maxNewTokens(12).ignoreEos(true).build();

    try (LanguageModel expected = LanguageModel.load(ModelSource.path(model), Precision.FP32);
        LanguageModel read = LanguageModel.load(ModelSource.path(file.file()), Precision.FP32)) {
      assertThat(read.generateIds(prompt, options))
          .containsExactlyElementsOf(expected.generateIds(prompt, options));
    }
  }

  @Test
  void picturesThatLlamaCppWouldCutOtherwiseAreRefused() throws IOException {
    Path model =
        PictureModels.copy(
            PictureModels.IDEFICS,
            folder.resolve("whole"),
            List.of(
                new Edit(
                    "preprocessor_config.json",
                    "\"do_image_splitting\": true",
                    "\"do_image_splitting\": false")));

    assertThatThrownBy(() -> write(export(model, GgufQuantization.F32), "model"))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("'do_image_splitting'")
        .hasMessageContaining("--text-only");
    assertThat(folder.resolve("model.gguf")).doesNotExist();
  }
}

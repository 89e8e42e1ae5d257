package io.adapt4j.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Decoders of other families as the text models of vision-language models. */
class VisionTextTest {

  private static final Path FAMILIES = Path.of("..", "fixtures", "families");
  private static final GenerationOptions TWELVE =
      GenerationOptions.greedy().toBuilder().maxNewTokens(12).ignoreEos(true).build();
  private static final List<int[]> PROMPTS = List.of(new int[] {3, 17, 8, 30, 5}, new int[] {9});

  @TempDir private Path folder;

  @ParameterizedTest
  @CsvSource({
    "glm4, glm_ocr, glm_ocr_text",
    "llama, paddleocr_vl, paddleocr_vl_text",
    "qwen3_window, lighton_ocr, qwen3",
    "qwen2_window, llava_onevision, qwen2",
    "mistral_full, llava, mistral",
    "lfm2, lfm2_vl, lfm2"
  })
  void theTextModelAnswersAsAlone(String family, String whole, String text) throws IOException {
    Path alone = family.equals("llama") ? TestModels.golden("llama") : FAMILIES.resolve(family);
    Path within = write(alone, whole, text);
    try (LanguageModel expected = TestModels.fp32(alone);
        LanguageModel found = TestModels.fp32(within)) {
      assertThat(found.generateIds(PROMPTS, TWELVE))
          .containsExactlyElementsOf(expected.generateIds(PROMPTS, TWELVE));
      assertThat(found.decoder().headName()).isEqualTo("lm_head.weight");
      assertThat(found.decoder().tensors().keySet())
          .allMatch(name -> name.startsWith("model.language_model.") || name.startsWith("lm_head"));
    }
  }

  @Test
  void anUnknownTextModelIsNamed() throws IOException {
    Path within = write(FAMILIES.resolve("opt"), "llava", "opt");
    assertThatThrownBy(() -> TestModels.fp32(within))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("text_config.model_type")
        .hasMessageContaining("llama");
  }

  private Path write(Path alone, String whole, String text) throws IOException {
    ObjectNode inner = (ObjectNode) Json.parse(Files.readString(alone.resolve("config.json")));
    inner.remove("architectures");
    if (whole.equals("glm_ocr")) {
      inner.put("partial_rotary_factor", 0.5);
    }
    ObjectNode outer = JsonNodeFactory.instance.objectNode().put("model_type", whole);
    outer.putArray("architectures").add("WholeForConditionalGeneration");
    outer.set("text_config", inner.put("model_type", text));
    outer.put("image_token_id", 39).putObject("vision_config");
    Files.writeString(folder.resolve("config.json"), outer.toString());
    Files.copy(alone.resolve("model.safetensors"), folder.resolve("model.safetensors"));
    return folder;
  }
}

package io.adapt4j.gguf;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.chat.ChatTemplate;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelfileTest {

  @TempDir private Path folder;

  private String written(ChatTemplate template, Modelfile modelfile) throws IOException {
    ExportedModel exported =
        GgufExport.of(GoldenFolders.of("qwen2"))
            .template(template)
            .preTokenizer("qwen2")
            .modelfile(modelfile)
            .to(folder.resolve("m.gguf"));
    return Files.readString(exported.modelfile().orElseThrow());
  }

  @Test
  void turnsAChatTemplateIntoOnesOfGo() throws IOException {
    assertThat(written(ChatTemplate.named("qwen2_5"), Modelfile.standard()))
        .isEqualTo(
            """
            FROM ./m.gguf
            TEMPLATE \"""{{ range .Messages }}{{ if eq .Role "system" }}<|im_start|>system
            {{ .Content }}<|im_end|>
            {{ else if eq .Role "user" }}<|im_start|>user
            {{ .Content }}<|im_end|>
            {{ else if eq .Role "assistant" }}<|im_start|>assistant
            {{ .Content }}<|im_end|>
            {{ end }}{{ end }}<|im_start|>assistant
            \"""
            PARAMETER stop "<|im_end|>"
            PARAMETER stop "<|im_start|>"
            PARAMETER num_ctx 128
            SYSTEM \"""You are Qwen, created by Alibaba Cloud. You are a helpful assistant.\"""
            """);
  }

  @Test
  void saysWhatItIsTold() throws IOException {
    assertThat(
            written(
                ChatTemplate.named("llama3"),
                Modelfile.standard().system("Be brief.").contextLength(64)))
        .contains("SYSTEM \"\"\"Be brief.\"\"\"")
        .contains("PARAMETER num_ctx 64")
        .contains("<|start_header_id|>");
  }

  /** Ollama then infers its template from the one in the file. */
  @Test
  void leavesATemplateOutThatDependsOnMoreThanRoles() throws IOException {
    assertThat(written(ChatTemplate.named("llama2"), Modelfile.standard()))
        .doesNotContain("TEMPLATE")
        .startsWith("FROM ./m.gguf\n");
  }
}

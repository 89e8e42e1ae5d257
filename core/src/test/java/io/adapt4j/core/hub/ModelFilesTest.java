package io.adapt4j.core.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelFilesTest {

  private final ModelFiles choice = new ModelFiles(RepositoryId.model("acme/tiny"));

  @TempDir Path snapshot;

  private List<String> chosen(String... listed) {
    List<String> all = new ArrayList<>(choice.first(Set.of(listed)));
    all.addAll(choice.then(Set.of(listed), snapshot));
    return all;
  }

  @Test
  void aChatModelsFilesAreChosenAndNoOthers() {
    assertThat(
            chosen(
                "config.json",
                "generation_config.json",
                "tokenizer.json",
                "tokenizer_config.json",
                "special_tokens_map.json",
                "vocab.json",
                "merges.txt",
                "chat_template.jinja",
                "additional_chat_templates/rag.jinja",
                "LICENSE",
                "README.md",
                "model.safetensors",
                ".gitattributes",
                "model.fp16.safetensors",
                "pytorch_model.bin",
                "tf_model.h5",
                "flax_model.msgpack",
                "onnx/model.onnx",
                "onnx/config.json",
                "original/consolidated.00.pth",
                "runs/events.out",
                "training_args.bin",
                "picture.png"))
        .containsExactlyInAnyOrder(
            "config.json",
            "generation_config.json",
            "tokenizer.json",
            "tokenizer_config.json",
            "special_tokens_map.json",
            "vocab.json",
            "merges.txt",
            "chat_template.jinja",
            "additional_chat_templates/rag.jinja",
            "LICENSE",
            "README.md",
            "model.safetensors");
  }

  @Test
  void shardsAreThoseOfTheIndexAndComeLast() throws IOException {
    Files.writeString(
        snapshot.resolve("model.safetensors.index.json"),
        "{\"weight_map\":{\"a\":\"s1.safetensors\",\"b\":\"s2.safetensors\",\"c\":\"s1.safetensors\"}}");

    assertThat(
            chosen(
                "config.json",
                "model.safetensors.index.json",
                "s1.safetensors",
                "s2.safetensors",
                "consolidated.safetensors"))
        .containsExactly(
            "config.json", "model.safetensors.index.json", "s1.safetensors", "s2.safetensors");
  }

  @Test
  void anAdaptersFilesAreChosen() {
    assertThat(chosen("adapter_config.json", "adapter_model.safetensors", "optimizer.pt"))
        .containsExactly("adapter_config.json", "adapter_model.safetensors");
  }

  @Test
  void theModulesOfSentenceTransformersAreChosen() {
    assertThat(
            chosen(
                "modules.json",
                "config.json",
                "model.safetensors",
                "config_sentence_transformers.json",
                "sentence_bert_config.json",
                "1_Pooling/config.json",
                "2_Dense/config.json",
                "2_Dense/model.safetensors",
                "2_Dense/pytorch_model.bin",
                "openvino/openvino_model.bin"))
        .containsExactlyInAnyOrder(
            "modules.json",
            "config.json",
            "model.safetensors",
            "config_sentence_transformers.json",
            "sentence_bert_config.json",
            "1_Pooling/config.json",
            "2_Dense/config.json",
            "2_Dense/model.safetensors");
  }

  @Test
  void aTransformerMayLieInAModuleFolder() {
    assertThat(
            chosen(
                "modules.json",
                "0_Transformer/config.json",
                "0_Transformer/tokenizer.json",
                "0_Transformer/model.safetensors",
                "1_Pooling/config.json",
                "onnx/model.onnx"))
        .containsExactlyInAnyOrder(
            "modules.json",
            "0_Transformer/config.json",
            "0_Transformer/tokenizer.json",
            "0_Transformer/model.safetensors",
            "1_Pooling/config.json");
  }

  @Test
  void aModuleWithPicklesOnlyIsRefused() {
    assertThatExceptionOfType(HubException.class)
        .isThrownBy(() -> chosen("modules.json", "model.safetensors", "2_Dense/pytorch_model.bin"))
        .withMessageContainingAll("folder 2_Dense/", "pickles");
  }

  @Test
  void aRepositoryOfAnotherFormatIsRefusedByName() {
    assertThatExceptionOfType(HubException.class)
        .isThrownBy(() -> chosen("config.json", "tiny-q4.gguf", "training_args.bin"))
        .withMessageContainingAll("found only tiny-q4.gguf", "original weights as safetensors");
  }

  @Test
  void aRepositoryOfATokenizerAloneIsFine() {
    assertThat(chosen("tokenizer.json", "README.md"))
        .containsExactly("README.md", "tokenizer.json");
  }
}

package io.adapt4j.core.hub;

import static io.adapt4j.core.Words.words;
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
                words(
                    "config.json generation_config.json tokenizer.json tokenizer_config.json",
                    "special_tokens_map.json vocab.json merges.txt chat_template.jinja",
                    "additional_chat_templates/rag.jinja LICENSE README.md model.safetensors",
                    ".gitattributes model.fp16.safetensors pytorch_model.bin tf_model.h5",
                    "flax_model.msgpack onnx/model.onnx onnx/config.json",
                    "original/consolidated.00.pth runs/events.out training_args.bin picture.png")))
        .containsExactlyInAnyOrder(
            words(
                "config.json generation_config.json tokenizer.json tokenizer_config.json",
                "special_tokens_map.json vocab.json merges.txt chat_template.jinja",
                "additional_chat_templates/rag.jinja LICENSE README.md model.safetensors"));
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
                words(
                    "modules.json config.json model.safetensors",
                    "config_sentence_transformers.json sentence_bert_config.json",
                    "1_Pooling/config.json 2_Dense/config.json 2_Dense/model.safetensors",
                    "2_Dense/pytorch_model.bin openvino/openvino_model.bin")))
        .containsExactlyInAnyOrder(
            words(
                "modules.json config.json model.safetensors config_sentence_transformers.json",
                "sentence_bert_config.json 1_Pooling/config.json 2_Dense/config.json",
                "2_Dense/model.safetensors"));
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

  private void make(String... names) throws IOException {
    for (String name : names) {
      Path file = snapshot.resolve(name);
      Files.createDirectories(file.getParent());
      Files.writeString(file, "{}");
    }
  }

  @Test
  void argumentsOfATrainingAreNoWeights() {
    assertThat(chosen("config.json", "training_args.bin")).containsExactly("config.json");
  }

  @Test
  void theRefusalNamesTheFolderOfAModule() {
    assertThatExceptionOfType(HubException.class)
        .isThrownBy(() -> chosen("config.json", "pytorch_model.bin"))
        .withMessageStartingWith("acme/tiny: expected weights");
    assertThatExceptionOfType(HubException.class)
        .isThrownBy(() -> chosen("modules.json", "model.safetensors", "1_Dense/pytorch_model.bin"))
        .withMessageStartingWith("acme/tiny, folder 1_Dense/: expected weights");
  }

  @Test
  void onlyTheFirstModuleStandsForTheWeightsOfTheRoot() {
    assertThat(chosen("modules.json", "model.onnx", "0_Transformer/model.safetensors"))
        .contains("0_Transformer/model.safetensors");
    assertThatExceptionOfType(HubException.class)
        .isThrownBy(() -> chosen("modules.json", "model.onnx", "1_Dense/model.safetensors"));
    assertThatExceptionOfType(HubException.class)
        .isThrownBy(() -> chosen("modules.json", "model.onnx", "0_Transformer/config.json"));
  }

  @Test
  void aFirstModuleInShardsStandsForTheWeightsOfTheRoot() throws IOException {
    make("0_Transformer/model.safetensors.index.json");
    assertThat(chosen("modules.json", "model.onnx", "0_Transformer/model.safetensors.index.json"))
        .contains("0_Transformer/model.safetensors.index.json");
  }

  @Test
  void aModelIsSurelyCompleteWithWeightsAndATokenizer() throws IOException {
    assertThat(choice.missing(snapshot)).containsExactly("config.json", "model.safetensors");
    make("config.json", "model.safetensors");
    assertThat(choice.missing(snapshot)).isEmpty();
    assertThat(choice.surelyComplete(snapshot)).as("without a tokenizer").isFalse();
    make("vocab.txt");
    assertThat(choice.surelyComplete(snapshot)).isTrue();
    Files.delete(snapshot.resolve("model.safetensors"));
    assertThat(choice.surelyComplete(snapshot)).isFalse();
    assertThat(choice.surelyComplete(snapshot.resolve("missing"))).isFalse();
  }

  @Test
  void anAdapterIsCompleteWithItsWeights() throws IOException {
    make("adapter_config.json");
    assertThat(choice.missing(snapshot)).containsExactly("adapter_model.safetensors");
    assertThat(choice.surelyComplete(snapshot)).isFalse();
    make("adapter_model.safetensors");
    assertThat(choice.missing(snapshot)).isEmpty();
    assertThat(choice.surelyComplete(snapshot)).isTrue();
    make("config.json");
    assertThat(choice.missing(snapshot)).as("a model beside it").contains("model.safetensors");
  }

  @Test
  void everyModuleHasItsOwnFiles() throws IOException {
    Files.writeString(
        snapshot.resolve("modules.json"),
        """
        [{"path": "", "type": "sentence_transformers.models.Transformer"},
         {"path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
         {"path": "2_Dense", "type": "sentence_transformers.models.Dense"},
         {"path": "3_Normalize", "type": "sentence_transformers.models.Normalize"}]
        """);
    assertThat(choice.missing(snapshot))
        .containsExactly(
            "config.json",
            "model.safetensors",
            "1_Pooling/config.json",
            "2_Dense/config.json",
            "2_Dense/model.safetensors");
    make("model.safetensors", "2_Dense/config.json");
    assertThat(choice.missing(snapshot))
        .containsExactly("config.json", "1_Pooling/config.json", "2_Dense/model.safetensors");
  }
}

package io.adapt4j.core.inspect;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.Golden;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.inspect.ModelWarning.Kind;
import io.adapt4j.core.internal.checkpoint.SafetensorsWriter;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.tokenize.TestTokenizers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ModelInfoTest {

  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource({
    "bert, 51472, F32, 205888",
    "bert_cls, 51363, F32, 205452",
    "gemma2, 100656, F32, 402624",
    "gpt2, 95664, F32, 382656",
    "gpt_neox, 87552, F32, 350208",
    "gpt_neox_serial, 25344, F32, 101376",
    "llama, 82240, F32, 328960",
    "llama_bf16, 82240, BF16, 164480",
    "llama_sharded, 82240, F32, 328960",
    "llama_tied, 85392, F32, 341568",
    "mistral, 57072, F32, 228288",
    "modernbert, 84352, F32, 337408",
    "qwen2, 48016, F32, 192064",
    "qwen2_fp16, 48016, F16, 96032",
    "qwen3, 54064, F32, 216256"
  })
  void countsParametersAndBytesByHeadersAlone(
      String name, long parameters, StoredType type, long bytes) {
    ModelInfo info = ModelInfo.read(Golden.folder("models/" + name));
    StoredWeights weights = info.weights().orElseThrow();
    assertThat(weights.parameters()).isEqualTo(parameters);
    assertThat(weights.bytesByType()).containsExactly(Map.entry(type.name(), bytes));
    assertThat(bytes / type.bytes()).isEqualTo(parameters);
    assertThat(info.shape().modelType()).isPresent();
    assertThat(info.shape().vocabularySize()).isPresent();
    assertThat(info.shape().hiddenSize()).isPresent();
    assertThat(info.shape().layers()).isPresent();
    assertThat(info.contextLength()).isPresent();
    assertThat(info.quantization()).isEmpty();
  }

  @Test
  void packedWeightsCountAsTheWeightsTheyStandFor() {
    ModelInfo info = ModelInfo.read(Golden.folder("nf4/llama_nf4_dq"));
    StoredWeights weights = info.weights().orElseThrow();
    assertThat(weights.parameters()).isEqualTo(82240);
    assertThat(weights.bytesByType().get("U8")).isEqualTo(34010);
    assertThat(weights.bytesByType().get("F32") / Float.BYTES).isEqualTo(24622);
    assertThat(info.quantization()).hasValue("bitsandbytes, 4 bits (nf4)");
    assertThat(kinds(info.warnings())).contains(Kind.QUANTIZED_WEIGHTS);
  }

  @Test
  void readsARealModelWithItsTokenizer() {
    ModelInfo info = ModelInfo.read(Golden.data("stories260K"));
    assertThat(info.supported()).isTrue();
    assertThat(info.shape().modelType()).hasValue("llama");
    assertThat(info.shape().architectures()).containsExactly("LlamaForCausalLM");
    assertThat(info.contextLength()).hasValue(512);
    assertThat(info.shape().vocabularySize()).hasValue(512);
    assertThat(info.shape().hiddenSize()).hasValue(64);
    assertThat(info.shape().layers()).hasValue(5);
    assertThat(info.shape().tiedEmbeddings()).hasValue(true);
    TokenizerInfo tokenizer = info.tokenizer().orElseThrow();
    assertThat(tokenizer.vocabularySize()).isEqualTo(512);
    assertThat(tokenizer.specialTokens())
        .containsEntry("bos", "<s>")
        .containsEntry("eos", "</s>")
        .containsEntry("unk", "<unk>");
    assertThat(info.chatTemplates()).isEmpty();
    assertThat(info.describe())
        .contains("llama (LlamaForCausalLM)")
        .contains("260,032")
        .contains("512 tokens")
        .contains("supported       yes");
  }

  @Test
  void readsTheContextAndWidthUnderTheNamesOfEachFamily() throws IOException {
    assertThat(shape("{'n_positions': 1024, 'n_embd': 768, 'n_layer': 12, 'vocab_size': 50257}"))
        .isEqualTo("1024 50257 768 12");
    assertThat(shape("{'seq_length': 2048, 'd_model': 64, 'n_layers': 3, 'vocab_size': 9}"))
        .isEqualTo("2048 9 64 3");
    assertThat(
            shape(
                "{'model_type': 'roberta', 'max_position_embeddings': 514, 'pad_token_id': 1,"
                    + " 'hidden_size': 8, 'num_hidden_layers': 2, 'vocab_size': 9}"))
        .isEqualTo("512 9 8 2");
    assertThat(
            shape(
                "{'vocab_size': 5, 'hidden_size': 7, 'text_config': {'vocab_size': 262144,"
                    + " 'max_position_embeddings': 131072, 'hidden_size': 2560,"
                    + " 'num_hidden_layers': 34}}"))
        .isEqualTo("131072 262144 2560 34");
    assertThat(shape("{'vocab_size': 'many', 'hidden_size': -1}")).isEqualTo("? ? ? ?");
  }

  @Test
  void tellsTyingByTheWeightsWhereTheConfigurationDoesNot() throws IOException {
    String config = "{'model_type': 'x', 'architectures': ['XForCausalLM']}";
    write("config.json", config);
    save("model.embed_tokens.weight", "lm_head.weight");
    assertThat(ModelInfo.read(folder).shape().tiedEmbeddings()).hasValue(false);
    save("model.embed_tokens.weight");
    assertThat(ModelInfo.read(folder).shape().tiedEmbeddings()).hasValue(true);
    write("config.json", "{'model_type': 'x', 'architectures': ['XForTokenClassification']}");
    assertThat(ModelInfo.read(folder).shape().tiedEmbeddings()).isEmpty();
  }

  @Test
  void describesWhatThisBuildCannotRun() throws IOException {
    write(
        "config.json",
        "{'model_type': 'made_up', 'n_ctx': 64, 'quantization_config':"
            + " {'quant_method': 'gptq', 'bits': 4}}");
    ModelInfo info = ModelInfo.read(folder);
    assertThat(info.supported()).isFalse();
    assertThat(info.unsupported()).get().asString().contains("config.json");
    assertThat(info.quantization()).hasValue("gptq, 4 bits");
    assertThat(info.weights()).isEmpty();
    assertThat(info.tokenizer()).isEmpty();
    assertThat(kinds(info.warnings()))
        .contains(
            Kind.UNSUPPORTED_ARCHITECTURE,
            Kind.QUANTIZED_WEIGHTS,
            Kind.NO_WEIGHTS,
            Kind.NO_TOKENIZER,
            Kind.LICENSE_NOT_STATED);
    assertThat(info.describe()).contains("made_up").contains("64 tokens");
  }

  @Test
  void needsAConfiguration() {
    refuses(CheckpointException.class, () -> ModelInfo.read(folder), "config.json");
  }

  @Test
  void goesOnWhereTheCardIsMalformedAndSaysSo() throws IOException {
    write("config.json", "{'model_type': 'x'}");
    Files.writeString(folder.resolve("README.md"), Cards.text("broken"));
    ModelInfo info = ModelInfo.read(folder);
    assertThat(info.card()).isEqualTo(ModelCard.empty());
    assertThat(message(info.warnings(), Kind.UNREADABLE_FILE)).contains("README.md: line 5");
  }

  @Test
  void findsTheTextOfTheLicense() throws IOException {
    write("config.json", "{'model_type': 'x'}");
    assertThat(ModelInfo.read(folder).licenseText()).isEmpty();
    write("LICENSE", "For research only.");
    ModelInfo info = ModelInfo.read(folder);
    assertThat(info.licenseText()).hasValue("For research only.");
    assertThat(message(info.warnings(), Kind.LICENSE_NOT_STATED)).contains("research only");
  }

  @Test
  void readsATokenizerThatNamesNoTokensAndHasNoneWithId0() throws IOException {
    write("config.json", "{'model_type': 'x'}");
    write(
        "tokenizer.json",
        "{\"version\":\"1.0\",\"model\":{\"type\":\"WordLevel\",\"vocab\":{\"b\":1,\"a\":2},"
            + "\"unk_token\":\"b\"}}");
    TokenizerInfo tokenizer = ModelInfo.read(folder).tokenizer().orElseThrow();
    assertThat(tokenizer.paddingId()).isZero();
    assertThat(tokenizer.paddingToken()).isEmpty();
    assertThat(tokenizer.vocabularySize()).isEqualTo(3);
  }

  @Test
  void warnsOfChatsWithoutATemplateAndOfSequencesThatAreTooLong() throws IOException {
    copyTokenizer("{'eos_token': '</s>'}");
    write("config.json", "{'model_type': 'x', 'max_position_embeddings': 128, 'vocab_size': 512}");
    ModelInfo info = ModelInfo.read(folder).forChats().forSequencesOf(4096);
    assertThat(kinds(info.warnings()))
        .contains(Kind.NO_CHAT_TEMPLATE, Kind.SEQUENCE_TOO_LONG, Kind.NO_PADDING_TOKEN);
    assertThat(message(info.warnings(), Kind.SEQUENCE_TOO_LONG)).contains("4096", "128");
    assertThat(message(info.warnings(), Kind.NO_PADDING_TOKEN)).contains("2 (</s>)");
    assertThat(kinds(ModelInfo.read(folder).forSequencesOf(128).warnings()))
        .doesNotContain(Kind.NO_CHAT_TEMPLATE, Kind.SEQUENCE_TOO_LONG);
  }

  @Test
  void warnsWhereTheTokenizerHasMoreIdsThanTheEmbeddingRows() throws IOException {
    copyTokenizer("{'pad_token': '<unk>'}");
    write("config.json", "{'model_type': 'x', 'vocab_size': 500}");
    ModelInfo info = ModelInfo.read(folder);
    assertThat(message(info.warnings(), Kind.TOKENIZER_EXCEEDS_EMBEDDING)).contains("512", "500");
    assertThat(info.padTokenId()).hasValue(0);
    assertThat(kinds(info.warnings())).doesNotContain(Kind.NO_PADDING_TOKEN);
  }

  @Test
  void findsChatTemplatesWhereverTheyAre() throws IOException {
    write("config.json", "{'model_type': 'x'}");
    write(
        "tokenizer_config.json",
        "{'chat_template': [{'name': 'default', 'template': ''}, {'name': 'tool_use',"
            + " 'template': ''}]}");
    ModelInfo info = ModelInfo.read(folder);
    assertThat(info.chatTemplates()).containsExactly("default", "tool_use");
    assertThat(kinds(info.forChats().warnings())).doesNotContain(Kind.NO_CHAT_TEMPLATE);
    write("chat_template.jinja", "x");
    Files.createDirectory(folder.resolve("additional_chat_templates"));
    write("additional_chat_templates/rag.jinja", "");
    // Files of their own replace the field, as in Transformers.
    assertThat(ModelInfo.read(folder).chatTemplates()).containsExactly("default", "rag");
  }

  @Test
  void aMalformedChatTemplateIsAProblemWithItsLine() throws IOException {
    write("config.json", "{'model_type': 'x'}");
    write("chat_template.jinja", "{% if %}");
    ModelInfo info = ModelInfo.read(folder);
    assertThat(info.chatTemplates()).isEmpty();
    assertThat(message(info.warnings(), Kind.UNREADABLE_FILE)).contains("chat_template.jinja");
  }

  @Test
  void takesTheContextFromTheTokenizerWhereTheConfigurationHasNone() throws IOException {
    write("config.json", "{'model_type': 'x'}");
    copyTokenizer("{'model_max_length': 77}");
    assertThat(ModelInfo.read(folder).contextLength()).hasValue(77);
    copyTokenizer("{'model_max_length': 1000000000000000019884624838656}");
    assertThat(ModelInfo.read(folder).contextLength()).isEmpty();
  }

  @Test
  void sequencesHaveAtLeastOneToken() throws IOException {
    write("config.json", "{'model_type': 'x'}");
    ModelInfo info = ModelInfo.read(folder);
    refuses(IllegalArgumentException.class, () -> info.forSequencesOf(0), "sequenceLength");
  }

  private String shape(String config) throws IOException {
    write("config.json", config);
    ModelInfo info = ModelInfo.read(folder);
    return (info.contextLength()
            + " "
            + info.shape().vocabularySize()
            + " "
            + info.shape().hiddenSize()
            + " "
            + info.shape().layers())
        .replace("OptionalInt[", "")
        .replace("OptionalInt.empty", "?")
        .replace("]", "");
  }

  private void copyTokenizer(String config) throws IOException {
    write("tokenizer.json", Files.readString(TestTokenizers.stories().resolve("tokenizer.json")));
    write("tokenizer_config.json", config);
  }

  private void write(String name, String json) throws IOException {
    String text = name.endsWith("config.json") ? json.replace('\'', '"') : json;
    Files.writeString(folder.resolve(name), text);
  }

  private void save(String... names) {
    SafetensorsWriter.create().writeModel(folder, Headers.f32(List.of(names)));
  }

  private static List<Kind> kinds(List<ModelWarning> warnings) {
    return warnings.stream().map(ModelWarning::kind).toList();
  }

  private static String message(List<ModelWarning> warnings, Kind kind) {
    return warnings.stream()
        .filter(warning -> warning.kind() == kind)
        .map(ModelWarning::message)
        .findFirst()
        .orElseThrow();
  }
}

package io.adapt4j.cli;

import static io.adapt4j.cli.CommandsTest.execute;
import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.SequenceToSequenceModel;
import io.adapt4j.core.generate.SequenceOptions;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.EncoderDecoder;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.nn.weights.CheckpointFolder;
import io.adapt4j.core.internal.nn.weights.Weights;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.model.ModelSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The commands on a model that writes one text for another. */
class SequencesTest {

  private static final String PROMPT = "Lily saw a red ball in the park.";

  @TempDir private Path folder;
  private Path model;

  @BeforeEach
  void writeModel() throws IOException {
    model = Files.createDirectories(folder.resolve("t5"));
    Files.writeString(
        model.resolve("config.json"),
        """
        {"model_type": "t5", "architectures": ["T5ForConditionalGeneration"], "dtype": "float32",
         "vocab_size": 512, "d_model": 24, "d_ff": 32, "d_kv": 6, "num_heads": 4, "num_layers": 1,
         "relative_attention_num_buckets": 8, "relative_attention_max_distance": 12,
         "feed_forward_proj": "gated-gelu", "tie_word_embeddings": false, "dropout_rate": 0.0,
         "is_encoder_decoder": true, "pad_token_id": 0, "eos_token_id": 2,
         "decoder_start_token_id": 0, "max_length": 9}
        """);
    ModelConfig config = ModelConfig.read(model);
    try (EncoderDecoder network = Architectures.declareSequence(config)) {
      network.allocate(DType.F32);
      Weights.randomize(network, 11);
      CheckpointFolder.write(
          model, CommandsTest.MODEL, config, Weights.tensors(network, StoredType.F32));
    }
  }

  private String written(SequenceOptions options) {
    try (SequenceToSequenceModel opened = SequenceToSequenceModel.load(ModelSource.path(model))) {
      return opened.generate(PROMPT, options);
    }
  }

  @Test
  void generateReadsThePromptAndWritesTheOtherText() {
    CommandsTest.Result found = execute("generate", model, "--prompt", PROMPT);
    assertThat(found.err()).isEmpty();
    assertThat(found.code()).isZero();
    assertThat(found.out()).isEqualTo(written(SequenceOptions.defaults()) + System.lineSeparator());
    CommandsTest.Result beams =
        execute(
            "generate",
            model,
            "--prompt",
            PROMPT,
            "--beams",
            "4",
            "--max-new-tokens",
            "5",
            "--length-penalty",
            "0.5",
            "--no-repeat-ngram",
            "2",
            "--json");
    SequenceOptions same =
        SequenceOptions.builder()
            .numBeams(4)
            .maxNewTokens(5)
            .lengthPenalty(0.5)
            .noRepeatNgramSize(2)
            .build();
    assertThat(beams.json().path("text").asText())
        .isEqualTo(written(same))
        .isNotEqualTo(found.out().strip());
  }

  @ParameterizedTest
  @CsvSource({
    "--temperature, 0.7",
    "--top-k, 5",
    "--seed, 3",
    "--stop, x",
    "--system, x",
    "--chat-template, chatml",
    "--prompt-lookup-tokens, 5"
  })
  void optionsOfOtherModelsAreRefused(String option, String value) {
    CommandsTest.Result refused = execute("generate", model, "--prompt", PROMPT, option, value);
    assertThat(refused.code()).isEqualTo(ExitCode.USAGE);
    assertThat(refused.err()).contains(option + ": expected with a model that continues texts");
  }

  @Test
  void beamsAreRefusedWithAModelThatContinuesTexts() {
    CommandsTest.Result refused =
        execute("generate", CommandsTest.MODEL, "--prompt", PROMPT, "--beams", "2");
    assertThat(refused.code()).isEqualTo(ExitCode.USAGE);
    assertThat(refused.err()).contains("--beams: expected with a model that writes one text");
  }

  @Test
  void chatRefusesTheModelWithTheRemedy() {
    CommandsTest.Result refused = execute("chat", model);
    assertThat(refused.code()).isEqualTo(ExitCode.USAGE);
    assertThat(refused.err())
        .contains("which writes one text for another. Use adapt4j generate MODEL --prompt TEXT.");
  }

  @Test
  void inspectShowsTheModel() {
    CommandsTest.Result found = execute("inspect", model, "--json");
    assertThat(found.code()).isZero();
    assertThat(found.json().path("modelType").asText()).isEqualTo("t5");
    assertThat(found.json().path("hiddenSize").asInt()).isEqualTo(24);
    assertThat(found.json().path("layers").asInt()).isPositive();
    assertThat(found.json().path("parameters").asLong()).isPositive();
    assertThat(found.json().path("chatTemplates")).isEmpty();
  }

  @Test
  void completeWritesATextForEveryRow() throws IOException {
    Path input = folder.resolve("rows.jsonl");
    Files.writeString(
        input,
        "{\"id\": 1, \"text\": \"%s\"}\n{\"id\": 2, \"text\": \"Tom ran.\"}\n".formatted(PROMPT));
    Path output = folder.resolve("written.jsonl");
    CommandsTest.Result done =
        execute(
            "complete",
            model,
            "--input",
            input,
            "--output",
            output,
            "--max-new-tokens",
            "6",
            "--beams",
            "2");
    assertThat(done.code()).isZero();
    List<String> lines = Files.readAllLines(output);
    assertThat(lines).hasSize(2);
    assertThat(Output.parsed(lines.get(0)).path("completion").asText())
        .isEqualTo(written(SequenceOptions.builder().numBeams(2).maxNewTokens(6).build()));
    assertThat(Output.parsed(lines.get(0)).path("tokens").asInt()).isBetween(1, 6);
  }

  @Test
  void aGgufFileOfTheModelIsReadAsTheModelIs() throws IOException {
    Path config = model.resolve("config.json");
    Files.writeString(
        config, Files.readString(config).replace("max_distance\": 12", "max_distance\": 128"));
    Path file = folder.resolve("t5.gguf");
    CommandsTest.Result exported = execute("export", model, "--type", "F32", "--to", file);
    assertThat(exported.err()).isEmpty();
    assertThat(exported.code()).isZero();
    CommandsTest.Result found =
        execute("generate", file, "--prompt", PROMPT, "--max-new-tokens", "8");
    assertThat(found.err()).isEmpty();
    assertThat(found.out().strip())
        .isEqualTo(written(SequenceOptions.builder().maxNewTokens(8).build()).strip());
    assertThat(execute("inspect", file, "--json").json().path("modelType").asText())
        .isEqualTo("t5");
  }

  @ParameterizedTest
  @CsvSource({"--verify, rows.jsonl", "--importance, rows.jsonl", "--system, x"})
  void exportRefusesWhatIsForOtherModels(String option, String value) {
    CommandsTest.Result refused =
        execute("export", model, "--to", folder.resolve("t5.gguf"), option, value);
    assertThat(refused.code()).isEqualTo(ExitCode.USAGE);
    assertThat(refused.err()).contains(option + ": expected with a model that continues texts");
  }

  @Test
  void evalMeasuresSummaries() throws IOException {
    Files.writeString(
        folder.resolve("rows.jsonl"),
        "{\"prompt\": \"%s\", \"answer\": \"Lily saw a ball.\"}\n".formatted(PROMPT));
    Path tasks = folder.resolve("tasks.yaml");
    Files.writeString(
        tasks,
        """
        tasks:
          - name: park
            summaries: {path: rows.jsonl, document: prompt, summary: answer}
        """);
    CommandsTest.Result done = execute("eval", model, "--tasks", tasks, "--json");
    assertThat(done.err()).isEmpty();
    assertThat(done.code()).isZero();
    assertThat(done.out()).contains("rougeL");
  }
}

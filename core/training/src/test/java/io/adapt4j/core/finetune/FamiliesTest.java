package io.adapt4j.core.finetune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.SmallModel;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.model.ModelSource;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Families of every kind go the whole way: loaded, trained, saved, loaded again, and run. */
class FamiliesTest {

  private static final String SHAPE =
      """
       "vocab_size": 512, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2,
       "num_attention_heads": 4, "max_position_embeddings": 64, "bos_token_id": 1, "eos_token_id": 2
      """;

  @TempDir private Path folder;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"model_type\": \"gpt2\", \"vocab_size\": 512, \"n_embd\": 32, \"n_layer\": 2,"
            + " \"n_head\": 4, \"n_positions\": 64}",
        "{\"model_type\": \"gpt_neox\", \"rotary_pct\": 0.5, SHAPE}",
        "{\"model_type\": \"gemma2\", \"head_dim\": 8, \"num_key_value_heads\": 2,"
            + " \"sliding_window\": 6, SHAPE}",
        "{\"model_type\": \"phi3\", \"original_max_position_embeddings\": 16, \"rope_scaling\":"
            + " {\"type\": \"longrope\", \"short_factor\": [1, 1, 1, 1], \"long_factor\": [1, 2, 3,"
            + " 4]}, SHAPE}",
        "{\"model_type\": \"olmo2\", \"num_key_value_heads\": 2, SHAPE}"
      })
  void aModelLearnsIsSavedAndGoesOnAsItWas(String config) throws IOException {
    Path model = SmallModel.write(folder.resolve("model"), config.replace("SHAPE", SHAPE.strip()));
    FineTuneReport report =
        FineTuner.builder()
            .model(ModelSource.path(model))
            .dataset(SmallModel.sentences(16))
            .method(FullFineTuning.create())
            .epochs(6)
            .batchSize(4)
            .learningRate(5e-3)
            .output(folder.resolve("run"))
            .build()
            .run();
    assertThat(report.lastLoss()).isLessThan(report.firstLoss() - 0.5);

    try (LanguageModel before = LanguageModel.load(ModelSource.path(model));
        LanguageModel after = LanguageModel.load(ModelSource.path(report.last()))) {
      String known = "Once upon a time Lily saw the sun.";
      assertThat(after.score("", known).sum()).isGreaterThan(before.score("", known).sum() + 1);
      int[] prompt = after.tokenizer().encodePrompt("Once upon a time");
      int[] whole = after.generateIds(List.of(prompt), greedy(24)).get(0);
      assertThat(whole).isEqualTo(stepByStep(after, prompt, 24));
    }
  }

  @Test
  void aDecoderWithAnotherOutputLayerIsRefusedByItsClass() throws IOException {
    String config =
        "{\"model_type\": \"llama\", \"architectures\": [\"LlamaForTokenClassification\"], "
            + SHAPE.strip()
            + "}";
    assertThatExceptionOfType(CheckpointException.class)
        .isThrownBy(() -> SmallModel.write(folder.resolve("model"), config))
        .withMessageContaining("architectures")
        .withMessageContaining("LlamaForTokenClassification");
  }

  /** Each token from the whole text before it, without a cache of what came before. */
  private static int[] stepByStep(LanguageModel model, int[] prompt, int count) {
    int[] text = Arrays.copyOf(prompt, prompt.length + count);
    for (int i = prompt.length; i < text.length; i++) {
      int[] so = Arrays.copyOf(text, i);
      text[i] = model.generateIds(List.of(so), greedy(1)).get(0)[0];
    }
    return Arrays.copyOfRange(text, prompt.length, text.length);
  }

  private static GenerationOptions greedy(int tokens) {
    return GenerationOptions.greedy().toBuilder().maxNewTokens(tokens).ignoreEos(true).build();
  }
}
